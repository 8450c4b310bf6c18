//! The one thread on which pictures are decoded and uploaded, with imgpost's blocking calls. The window sends it
//! commands and is woken for every event.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use eframe::egui;
use imgpost::leonardo::Client;
use imgpost::{CancelToken, Error, Prepare};

use crate::job::{JobEvent, Sent, Stored};
use crate::preview::{self, Preview};
use crate::told::told;

/// What the worker tells.
pub enum Event {
    Opened(Preview),
    /// The file is no picture, in imgpost's words.
    NotOpened(String),
    Job(JobEvent),
}

enum Command {
    Open(PathBuf),
    Upload(Upload),
}

struct Upload {
    path: PathBuf,
    prepare: Prepare,
    cancel_token: CancelToken,
}

/// The window's end. Dropping it cancels what is under way and waits for the thread.
pub struct Worker {
    commands: Option<Sender<Command>>,
    events: Receiver<Event>,
    cancel_token: CancelToken,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts the thread. `context` is woken whenever there is something to receive.
    pub fn start(client: Result<Client, String>, context: egui::Context) -> Self {
        let (commands, received) = mpsc::channel();
        let (sender, events) = mpsc::channel();
        let outbox = Outbox { sender, context };
        let thread = std::thread::spawn(move || {
            for command in received {
                match command {
                    Command::Open(path) => outbox.send(match preview::open(path) {
                        Ok(preview) => Event::Opened(preview),
                        Err(error) => Event::NotOpened(told(&error)),
                    }),
                    Command::Upload(upload) => {
                        let event = match &client {
                            Ok(client) => upload.carry_out(client, &outbox),
                            Err(why) => JobEvent::Failed(why.clone()),
                        };
                        outbox.send(Event::Job(event));
                    }
                }
            }
        });
        Self {
            commands: Some(commands),
            events,
            cancel_token: CancelToken::new(),
            thread: Some(thread),
        }
    }

    /// Reads a picture for the screen.
    pub fn open(&self, path: PathBuf) {
        self.send(Command::Open(path));
    }

    /// Prepares and uploads a picture.
    pub fn upload(&mut self, path: PathBuf, prepare: Prepare) {
        // A token that was cancelled stays so: every upload has its own.
        self.cancel_token = CancelToken::new();
        self.send(Command::Upload(Upload {
            path,
            prepare,
            cancel_token: self.cancel_token.clone(),
        }));
    }

    /// Ends the upload that is under way.
    pub fn cancel(&self) {
        self.cancel_token.cancel();
    }

    /// What was told since this was last asked.
    pub fn events(&self) -> Vec<Event> {
        self.events.try_iter().collect()
    }

    fn send(&self, command: Command) {
        if let Some(commands) = &self.commands {
            // The thread ends only with this value, or by a panic, which was printed when it happened.
            let _ = commands.send(command);
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.cancel();
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was printed when it happened.
            let _ = thread.join();
        }
    }
}

impl Upload {
    /// Prepares first and asks for the form last, because a form lives two minutes.
    fn carry_out(self, client: &Client, outbox: &Outbox) -> JobEvent {
        match self.upload(client, outbox) {
            Ok(stored) => JobEvent::Stored(stored),
            Err(Error::Cancelled) => JobEvent::Cancelled,
            Err(error) => JobEvent::Failed(told(&error)),
        }
    }

    fn upload(self, client: &Client, outbox: &Outbox) -> Result<Stored, Error> {
        let image = self.prepare.open(&self.path)?;
        let outbox = outbox.clone();
        let client = client
            .with_cancel_token(&self.cancel_token)
            .with_progress(move |progress| {
                outbox.send(Event::Job(JobEvent::Sent(Sent {
                    sent: progress.sent,
                    total: progress.total,
                    attempt: progress.attempt,
                })));
                ControlFlow::Continue(())
            });
        let init = client.upload_init_image(&image)?;
        Ok(Stored {
            id: init.id,
            size: init.size,
            extension: init.extension,
            bytes: init.receipt.bytes,
        })
    }
}

/// Where events go out.
#[derive(Clone)]
struct Outbox {
    sender: Sender<Event>,
    context: egui::Context,
}

impl Outbox {
    fn send(&self, event: Event) {
        // A window that was closed wants to hear of nothing.
        let _ = self.sender.send(event);
        self.context.request_repaint();
    }
}
