//! Lint: every seeded defect is found, and sound rulebooks are left alone.
