//! Values of the scheduling context on the wire.
