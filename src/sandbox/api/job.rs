//! Jobs: pending at the first poll, done at the second. The second poll renders the images, outside the lock.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use super::{Api, Records, new_id};
use crate::geometry::Size;
use crate::sandbox::render;
use crate::sandbox::storage::{Storage, StoredObject};

/// Maximum memory for the images of unfinished jobs.
const MAX_PENDING_BYTES: usize = 256 << 20;

/// How a job makes its images.
pub(super) enum Work {
    /// Stretch the image to the size, so that a wrong ratio is visible.
    Stretch(Arc<StoredObject>),
    /// Paint over the image where the mask is white.
    Fill {
        image: Arc<StoredObject>,
        mask: Arc<StoredObject>,
        prompt: String,
    },
    /// Paint colors derived from the prompt and the seed.
    Paint { prompt: String, seed: u64 },
    /// Enlarge the image by this factor in both dimensions.
    Enlarge(Arc<StoredObject>, f64),
}

impl Work {
    fn images(&self) -> Vec<&Arc<StoredObject>> {
        match self {
            Self::Stretch(image) | Self::Enlarge(image, _) => vec![image],
            Self::Fill { image, mask, .. } => vec![image, mask],
            Self::Paint { .. } => vec![],
        }
    }
}

/// The work of a job and where to store its results.
pub(super) struct JobSpec {
    pub work: Work,
    pub size: Size,
    pub count: u64,
    pub with_video: bool,
    /// Prefix of the results' keys.
    pub folder: String,
}

pub(super) enum Job {
    Queued(JobSpec),
    Polled(JobSpec),
    Running,
    Complete(Vec<Output>),
    Failed,
}

/// A result of a job: an image, and its video if the job makes one.
#[derive(Clone)]
pub(super) struct Output {
    pub id: String,
    pub key: String,
    pub video_key: Option<String>,
}

impl Job {
    pub fn status(&self) -> &'static str {
        match self {
            Self::Queued(_) | Self::Polled(_) | Self::Running => "PENDING",
            Self::Complete(_) => "COMPLETE",
            Self::Failed => "FAILED",
        }
    }

    /// The images that the job holds until it is done, whether or not they are still stored.
    fn images(&self) -> Vec<&Arc<StoredObject>> {
        match self {
            Self::Queued(spec) | Self::Polled(spec) => spec.work.images(),
            Self::Running | Self::Complete(_) | Self::Failed => vec![],
        }
    }

    pub fn outputs(&self) -> &[Output] {
        match self {
            Self::Complete(outputs) => outputs,
            _ => &[],
        }
    }

    pub fn remove_from(&self, storage: &Storage) {
        for output in self.outputs() {
            storage.remove(&output.key);
            output.video_key.iter().for_each(|key| storage.remove(key));
        }
    }

    /// Advances the job by one poll. Returns the spec if the job has to run now.
    fn advance(&mut self) -> Option<JobSpec> {
        match std::mem::replace(self, Self::Running) {
            Self::Queued(spec) => {
                *self = Self::Polled(spec);
                None
            }
            Self::Polled(spec) => Some(spec),
            other => {
                *self = other;
                None
            }
        }
    }
}

impl JobSpec {
    /// Renders the outputs. Returns them with the files to store.
    fn run(&self) -> Result<(Vec<Output>, Vec<KeyedObject>), render::Error> {
        let mut objects: Vec<KeyedObject> = Vec::new();
        let mut outputs: Vec<Output> = Vec::new();
        for index in 0..self.count {
            let rendered = match (&self.work, objects.first()) {
                (Work::Paint { prompt, seed }, _) => {
                    let seed = seed + index;
                    render::painted(&format!("{seed} {prompt}"), self.size)?.into()
                }
                // All images of the other kinds of work are the same.
                (_, Some((_, first))) => Arc::clone(first),
                (Work::Stretch(image), _) => render::stretched(image, self.size)?.into(),
                (Work::Enlarge(image, factor), _) => render::enlarged(image, *factor)?.into(),
                (
                    Work::Fill {
                        image,
                        mask,
                        prompt,
                    },
                    _,
                ) => render::filled(image, mask, prompt, self.size)?.into(),
            };
            let rendered: Arc<StoredObject> = rendered;
            let stem = format!("{}/image_{index}", self.folder);
            let key = format!("{stem}.{}", render::extension(&rendered));
            objects.push((key.clone(), rendered));
            let video_key = self.with_video.then(|| format!("{stem}.mp4"));
            outputs.push(Output {
                id: new_id(),
                key,
                video_key: video_key.clone(),
            });
            objects.extend(video_key.map(|key| (key, render::video().into())));
        }
        Ok((outputs, objects))
    }
}

type KeyedObject = (String, Arc<StoredObject>);

impl Records {
    /// Queues a job. `bytes` is the size of the request.
    pub fn enqueue(&mut self, id: String, spec: JobSpec, bytes: u64) {
        self.jobs.insert(id, Job::Queued(spec), bytes);
        self.limit_pending(MAX_PENDING_BYTES);
    }

    /// Fails the oldest unfinished jobs until their images fit into `max_bytes`.
    fn limit_pending(&mut self, max_bytes: usize) {
        while self.pending_bytes() > max_bytes {
            let has_images = |(_, job): &(&str, &Job)| !job.images().is_empty();
            let oldest = self.jobs.iter().find(has_images);
            let Some(id) = oldest.map(|(id, _)| id.to_owned()) else {
                return;
            };
            log::warn!("sandbox: {id} failed: the images of the pending jobs need too much memory");
            if let Some(job) = self.jobs.get_mut(&id) {
                *job = Job::Failed;
            }
        }
    }

    /// Memory of the images of unfinished jobs; an image that several jobs share counts once.
    fn pending_bytes(&self) -> usize {
        let images = self.jobs.iter().flat_map(|(_, job)| job.images());
        let distinct: HashMap<_, _> = images
            .map(|image| (Arc::as_ptr(image), image.bytes.len()))
            .collect();
        distinct.values().sum()
    }
}

impl Api {
    /// Advances a job by one poll, and runs it at the second.
    pub(super) fn poll(&self, id: &str) {
        let spec = self.records().jobs.get_mut(id).and_then(Job::advance);
        let Some(spec) = spec else { return };
        let result = {
            let _guard = self
                .rendering
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            spec.run()
        };
        let mut records = self.records();
        // If the job was deleted meanwhile, store nothing.
        let Some(job) = records.jobs.get_mut(id) else {
            return;
        };
        let stored = result.and_then(|(outputs, objects)| {
            for (key, object) in objects {
                let stored = self.storage.put(&key, object);
                stored.map_err(|refusal| refusal.message)?;
            }
            Ok(outputs)
        });
        *job = match stored {
            Ok(outputs) => Job::Complete(outputs),
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
    fn oldest_pending_jobs_fail_if_their_images_need_too_much_memory() {
        let image = |bytes: usize| {
            Arc::new(StoredObject {
                bytes: vec![0; bytes],
                content_type: None,
            })
        };
        let spec = |work| JobSpec {
            work,
            size: Size::new(32, 32),
            count: 1,
            with_video: false,
            folder: String::new(),
        };
        let stretch = |image: &Arc<StoredObject>| spec(Work::Stretch(Arc::clone(image)));
        let (first, shared) = (image(60), image(40));
        let mut records = Records::default();
        let paint = Work::Paint {
            prompt: String::new(),
            seed: 0,
        };
        records.enqueue("prompt".into(), spec(paint), 1);
        records.enqueue("first".into(), stretch(&first), 1);
        for number in 0..100 {
            records.enqueue(number.to_string(), stretch(&shared), 1);
        }
        records.limit_pending(100);
        let status = |records: &Records, id: &str| records.jobs.get(id).unwrap().status();
        assert_eq!(status(&records, "first"), "PENDING");
        records.limit_pending(99);
        assert_eq!(status(&records, "first"), "FAILED");
        for id in ["prompt", "0", "99"] {
            assert_eq!(status(&records, id), "PENDING", "{id}");
        }
        assert_eq!(records.pending_bytes(), 40);
    }
}
