//! Jobs: pending when they are first asked for, done the second time. The images are made then, and outside the lock.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use super::{Api, Records, new_id};
use crate::geometry::Size;
use crate::sandbox::render;
use crate::sandbox::storage::{Storage, StoredObject};

/// The most memory that the images of jobs may take which are not done.
const MAX_WAITING_BYTES: usize = 256 << 20;

/// What an image is made from.
pub(super) enum Work {
    /// The image stretched to the size, so that a wrong ratio shows.
    Stretch(Arc<StoredObject>),
    /// The image, painted over where the mask is white.
    Fill {
        picture: Arc<StoredObject>,
        mask: Arc<StoredObject>,
        prompt: String,
    },
    /// Colors that follow from prompt and seed.
    Paint { prompt: String, seed: u64 },
    /// The image, so many times as wide and as high.
    Enlarge(Arc<StoredObject>, f64),
}

impl Work {
    fn pictures(&self) -> Vec<&Arc<StoredObject>> {
        match self {
            Self::Stretch(picture) | Self::Enlarge(picture, _) => vec![picture],
            Self::Fill { picture, mask, .. } => vec![picture, mask],
            Self::Paint { .. } => vec![],
        }
    }
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

    /// The images it keeps until it is done, whether or not they are still stored.
    fn pictures(&self) -> Vec<&Arc<StoredObject>> {
        match self {
            Self::Ordered(order) | Self::AskedFor(order) => order.work.pictures(),
            Self::Running | Self::Complete(_) | Self::Failed => vec![],
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
    fn carry_out(&self) -> Result<(Vec<Made>, Vec<Stored>), render::Error> {
        let mut objects: Vec<Stored> = Vec::new();
        let mut made: Vec<Made> = Vec::new();
        for index in 0..self.count {
            let drawn = match (&self.work, objects.first()) {
                (Work::Paint { prompt, seed }, _) => {
                    let seed = seed + index;
                    render::painted(&format!("{seed} {prompt}"), self.size)?.into()
                }
                // The others look the same every time.
                (_, Some((_, first))) => Arc::clone(first),
                (Work::Stretch(picture), _) => render::stretched(picture, self.size)?.into(),
                (Work::Enlarge(picture, factor), _) => render::enlarged(picture, *factor)?.into(),
                (
                    Work::Fill {
                        picture,
                        mask,
                        prompt,
                    },
                    _,
                ) => render::filled(picture, mask, prompt, self.size)?.into(),
            };
            let drawn: Arc<StoredObject> = drawn;
            let stem = format!("{}/picture_{index}", self.folder);
            let key = format!("{stem}.{}", render::extension(&drawn));
            objects.push((key.clone(), drawn));
            let video_key = self.with_video.then(|| format!("{stem}.mp4"));
            made.push(Made {
                id: new_id(),
                key,
                video_key: video_key.clone(),
            });
            objects.extend(video_key.map(|key| (key, render::video().into())));
        }
        Ok((made, objects))
    }
}

type Stored = (String, Arc<StoredObject>);

impl Records {
    /// Puts an order on the list, whose call had so many bytes.
    pub fn order(&mut self, id: String, order: Order, bytes: u64) {
        self.jobs.insert(id, Job::Ordered(order), bytes);
        self.limit_waiting(MAX_WAITING_BYTES);
    }

    /// Lets the oldest jobs fail whose images are too much for the memory.
    fn limit_waiting(&mut self, max_bytes: usize) {
        while self.waiting_bytes() > max_bytes {
            let waiting = |(_, job): &(&str, &Job)| !job.pictures().is_empty();
            let oldest = self.jobs.iter().find(waiting);
            let Some(id) = oldest.map(|(id, _)| id.to_owned()) else {
                return;
            };
            log::warn!("sandbox: {id} failed: too many jobs wait to be asked for");
            if let Some(job) = self.jobs.get_mut(&id) {
                *job = Job::Failed;
            }
        }
    }

    /// An image that many jobs wait with is in memory once.
    fn waiting_bytes(&self) -> usize {
        let pictures = self.jobs.iter().flat_map(|(_, job)| job.pictures());
        let distinct: HashMap<_, _> = pictures
            .map(|picture| (Arc::as_ptr(picture), picture.bytes.len()))
            .collect();
        distinct.values().sum()
    }
}

impl Api {
    /// Brings a job one step on.
    pub(super) fn poll(&self, id: &str) {
        let order = self.records().jobs.get_mut(id).and_then(Job::advance);
        let Some(order) = order else { return };
        let carried_out = {
            let _drawing = self.drawing.lock().unwrap_or_else(PoisonError::into_inner);
            order.carry_out()
        };
        let mut records = self.records();
        // It may have been deleted meanwhile; then nothing is stored.
        let Some(job) = records.jobs.get_mut(id) else {
            return;
        };
        let stored = carried_out.and_then(|(made, objects)| {
            for (key, object) in objects {
                let stored = self.storage.put(&key, object);
                stored.map_err(|refusal| refusal.message)?;
            }
            Ok(made)
        });
        *job = match stored {
            Ok(made) => Job::Complete(made),
            Err(error) => {
                log::warn!("sandbox: {id} failed: {error}");
                Job::Failed
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oldest_jobs_fail_where_their_pictures_are_too_many() {
        let picture = |bytes: usize| {
            Arc::new(StoredObject {
                bytes: vec![0; bytes],
                content_type: None,
            })
        };
        let order = |work| Order {
            work,
            size: Size::new(32, 32),
            count: 1,
            with_video: false,
            folder: String::new(),
        };
        let stretch = |picture: &Arc<StoredObject>| order(Work::Stretch(Arc::clone(picture)));
        let (first, shared) = (picture(60), picture(40));
        let mut records = Records::default();
        let paint = Work::Paint {
            prompt: String::new(),
            seed: 0,
        };
        records.order("words".into(), order(paint), 1);
        records.order("first".into(), stretch(&first), 1);
        for number in 0..100 {
            records.order(number.to_string(), stretch(&shared), 1);
        }
        records.limit_waiting(100);
        let status = |records: &Records, id: &str| records.jobs.get(id).unwrap().status();
        assert_eq!(status(&records, "first"), "PENDING");
        records.limit_waiting(99);
        assert_eq!(status(&records, "first"), "FAILED");
        for id in ["words", "0", "99"] {
            assert_eq!(status(&records, id), "PENDING", "{id}");
        }
        assert_eq!(records.waiting_bytes(), 40);
    }
}
