//! Parts from settings (being written).
