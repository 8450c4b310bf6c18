//! Which pixels of an image go where: geometry without pixels and without I/O.

mod allowed;
mod bounds;
mod fit;
mod gravity;
mod placement;
mod resolution;
mod size;
mod target;

pub use allowed::AllowedSizes;
pub use bounds::Bounds;
pub use fit::{Fit, ParseFitError};
pub use gravity::{Gravity, ParseGravityError};
pub(crate) use placement::{Crop, GeometryError, Placement, Resize};
pub use resolution::{ParseResolutionError, Resolution};
pub use size::{AspectRatio, ParsePairError, Region, Size};
pub use target::{ParseTargetError, Target};
