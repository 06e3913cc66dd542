//! Operations of the scheduling context, a file each.
