//! Jobs: pending when they are first asked for, done the second time. The pictures are made then, and outside the lock.

use std::sync::Arc;

use super::{Api, new_id};
use crate::geometry::Size;
use crate::sandbox::picture;
use crate::sandbox::storage::{Storage, StoredObject};

/// What a picture is made from.
pub(super) enum Work {
    /// The picture stretched to the size, so that a wrong ratio shows.
    Stretch(Arc<StoredObject>),
    /// The picture, painted over where the mask is white.
    Fill {
        picture: Arc<StoredObject>,
        mask: Arc<StoredObject>,
        prompt: String,
    },
    /// Colours that follow from prompt and seed.
    Paint { prompt: String, seed: u64 },
    /// The picture, so many times as wide and as high.
    Enlarge(Arc<StoredObject>, f64),
}

pub(super) struct Order {
    pub work: Work,
    pub size: Size,
    pub count: u64,
    pub with_video: bool,
    /// Where in the storage.
    pub folder: String,
}

pub(super) enum Job {
    Ordered(Order),
    AskedFor(Order),
    Running,
    Complete(Vec<Made>),
    Failed,
}

/// A result.
#[derive(Clone)]
pub(super) struct Made {
    pub id: String,
    pub key: String,
    pub video_key: Option<String>,
}

impl Job {
    pub fn status(&self) -> &'static str {
        match self {
            Self::Ordered(_) | Self::AskedFor(_) | Self::Running => "PENDING",
            Self::Complete(_) => "COMPLETE",
            Self::Failed => "FAILED",
        }
    }

    pub fn made(&self) -> &[Made] {
        match self {
            Self::Complete(made) => made,
            _ => &[],
        }
    }

    pub fn remove_from(&self, storage: &Storage) {
        for made in self.made() {
            storage.remove(&made.key);
            made.video_key.iter().for_each(|key| storage.remove(key));
        }
    }

    /// One step on; gives what is to be done now.
    fn advance(&mut self) -> Option<Order> {
        match std::mem::replace(self, Self::Running) {
            Self::Ordered(order) => {
                *self = Self::AskedFor(order);
                None
            }
            Self::AskedFor(order) => Some(order),
            other => {
                *self = other;
                None
            }
        }
    }
}

impl Order {
    /// The results with what is to be stored under which key.
    fn carry_out(&self) -> Result<(Vec<Made>, Vec<Stored>), picture::Error> {
        let mut objects: Vec<Stored> = Vec::new();
        let mut made: Vec<Made> = Vec::new();
        for index in 0..self.count {
            let drawn = match (&self.work, objects.first()) {
                (Work::Paint { prompt, seed }, _) => {
                    let seed = seed + index;
                    picture::painted(&format!("{seed} {prompt}"), self.size)?.into()
                }
                // The others look the same every time.
                (_, Some((_, first))) => Arc::clone(first),
                (Work::Stretch(picture), _) => picture::stretched(picture, self.size)?.into(),
                (Work::Enlarge(picture, factor), _) => picture::enlarged(picture, *factor)?.into(),
                (
                    Work::Fill {
                        picture,
                        mask,
                        prompt,
                    },
                    _,
                ) => picture::filled(picture, mask, prompt, self.size)?.into(),
            };
            let drawn: Arc<StoredObject> = drawn;
            let stem = format!("{}/picture_{index}", self.folder);
            let key = format!("{stem}.{}", picture::extension(&drawn));
            objects.push((key.clone(), drawn));
            let video_key = self.with_video.then(|| format!("{stem}.mp4"));
            made.push(Made {
                id: new_id(),
                key,
                video_key: video_key.clone(),
            });
            objects.extend(video_key.map(|key| (key, picture::video().into())));
        }
        Ok((made, objects))
    }
}

type Stored = (String, Arc<StoredObject>);

impl Api {
    /// Brings a job one step on.
    pub(super) fn poll(&self, id: &str) {
        let order = self.records().jobs.get_mut(id).and_then(Job::advance);
        let Some(order) = order else { return };
        let carried_out = order.carry_out();
        let mut records = self.records();
        // It may have been deleted meanwhile; then nothing is stored.
        let Some(job) = records.jobs.get_mut(id) else {
            return;
        };
        *job = match carried_out {
            Ok((made, objects)) => {
                for (key, object) in objects {
                    self.storage.put(&key, object);
                }
                Job::Complete(made)
            }
            Err(error) => {
                log::warn!("sandbox: {id} failed: {error}");
                Job::Failed
            }
        };
    }
}
