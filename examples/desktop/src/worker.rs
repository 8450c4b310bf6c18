//! The one thread that decodes and uploads images, with imgpost's blocking calls. The window sends it commands and is
//! repainted for every event.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use eframe::egui;
use imgpost::leonardo::{Client, Error};
use imgpost::{CancelToken, PrepareOptions};

use crate::preview::{self, Preview};
use crate::upload_state::{Sent, Stored, UploadEvent};

/// What the worker reports.
pub enum Event {
    Opened(Preview),
    /// The file cannot be opened, with imgpost's error message.
    NotOpened(String),
    Upload(UploadEvent),
}

enum Command {
    Open(PathBuf),
    Upload(Upload),
}

struct Upload {
    path: PathBuf,
    prepare: PrepareOptions,
    cancel_token: CancelToken,
}

/// The window's handle to the thread. Dropping it cancels the current upload and waits for the thread.
pub struct Worker {
    commands: Option<Sender<Command>>,
    events: Receiver<Event>,
    cancel_token: CancelToken,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts the thread. Every event requests a repaint of `context`.
    pub fn start(client: Result<Client, String>, context: egui::Context) -> Self {
        let (commands, received) = mpsc::channel();
        let (sender, events) = mpsc::channel();
        let event_sender = EventSender { sender, context };
        let thread = std::thread::spawn(move || {
            for command in received {
                event_sender.send(match command {
                    Command::Open(path) => match preview::open(path) {
                        Ok(preview) => Event::Opened(preview),
                        Err(error) => Event::NotOpened(format!("{:#}", Error::from(error))),
                    },
                    Command::Upload(upload) => Event::Upload(match &client {
                        Ok(client) => upload.run(client, &event_sender),
                        Err(error) => UploadEvent::Failed(error.clone()),
                    }),
                });
            }
        });
        Self {
            commands: Some(commands),
            events,
            cancel_token: CancelToken::new(),
            thread: Some(thread),
        }
    }

    /// Decodes an image for the screen.
    pub fn open(&self, path: PathBuf) {
        self.send(Command::Open(path));
    }

    /// Prepares and uploads an image.
    pub fn upload(&mut self, path: PathBuf, prepare: PrepareOptions) {
        // A cancelled token stays cancelled, so every upload gets its own.
        self.cancel_token = CancelToken::new();
        self.send(Command::Upload(Upload {
            path,
            prepare,
            cancel_token: self.cancel_token.clone(),
        }));
    }

    /// Cancels the current upload.
    pub fn cancel(&self) {
        self.cancel_token.cancel();
    }

    /// Takes the events since the last call.
    pub fn events(&self) -> Vec<Event> {
        self.events.try_iter().collect()
    }

    fn send(&self, command: Command) {
        if let Some(commands) = &self.commands {
            // Fails only after a panic of the thread, which has been printed.
            let _ = commands.send(command);
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.cancel();
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // A panic has been printed.
            let _ = thread.join();
        }
    }
}

impl Upload {
    fn run(self, client: &Client, events: &EventSender) -> UploadEvent {
        match self.upload(client, events) {
            Ok(stored) => UploadEvent::Stored(stored),
            Err(Error::Cancelled) => UploadEvent::Cancelled,
            Err(error) => UploadEvent::Failed(format!("{error:#}")),
        }
    }

    /// Prepares the image before it requests the presigned form, because a form expires after two minutes.
    fn upload(self, client: &Client, events: &EventSender) -> Result<Stored, Error> {
        let image = self.prepare.open(&self.path)?;
        let events = events.clone();
        let client = client
            .clone()
            .cancel_token(&self.cancel_token)
            .on_progress(move |progress| {
                events.send(Event::Upload(UploadEvent::Sent(Sent {
                    sent: progress.sent,
                    total: progress.total,
                    attempt: progress.attempt,
                })));
                ControlFlow::Continue(())
            });
        let uploaded = client.upload_init_image(&image)?;
        Ok(Stored {
            id: uploaded.id,
            size: uploaded.size,
            extension: uploaded.extension,
            bytes: uploaded.receipt.bytes,
        })
    }
}

#[derive(Clone)]
struct EventSender {
    sender: Sender<Event>,
    context: egui::Context,
}

impl EventSender {
    fn send(&self, event: Event) {
        // Fails after the window was closed.
        let _ = self.sender.send(event);
        self.context.request_repaint();
    }
}
