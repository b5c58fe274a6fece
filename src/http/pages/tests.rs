//! Rendering, without a daemon.
