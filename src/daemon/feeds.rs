//! What tells of changes by itself: the kernel, the clock, the routers.

use super::edges::Edges;
use super::links::Links;
use super::resume::Resume;
use super::subscriptions::Subscriptions;
use crate::engine::event::Event;
use crate::rules::address::PerFamily;
use crate::rules::consensus::Line;

/// Everything that a daemon listens to.
pub(super) struct Feeds {
    links: Links,
    resume: Option<Resume>,
    subscriptions: Subscriptions,
}

impl Feeds {
    /// Begins to listen. What this finds out is the first event.
    pub(super) async fn begin(edges: &Edges, lines: &[Line]) -> (Self, Event) {
        let feeds = Self { links: Links::follow().await, resume: Resume::follow(), subscriptions: edges.subscriptions(lines) };
        let followed = Event::Followed(feeds.links.is_followed());
        (feeds, followed)
    }

    /// The next events, in this order; never for who has none. May be dropped while it waits.
    pub(super) async fn next(feeds: &mut Option<Self>) -> Vec<Event> {
        let Some(Self { links, resume, subscriptions }) = feeds else { return std::future::pending().await };
        tokio::select! {
            up = links.changed() => {
                subscriptions.nudge();
                vec![Event::Followed(links.is_followed()), Event::LinkChanged(PerFamily { v4: up, v6: up })]
            }
            () = resumed(resume) => {
                subscriptions.nudge();
                vec![Event::Resumed]
            }
            news = subscriptions.next() => vec![news],
        }
    }

    /// The lines are others from now on, and so is what leads to their routers.
    pub(super) fn follow(&mut self, edges: &Edges, lines: &[Line]) {
        let old = std::mem::replace(&mut self.subscriptions, edges.subscriptions(lines));
        tokio::spawn(old.end());
    }

    /// Takes leave.
    pub(super) async fn end(self) {
        self.subscriptions.end().await;
    }
}

async fn resumed(resume: &mut Option<Resume>) {
    match resume {
        Some(resume) => resume.happens().await,
        None => std::future::pending().await,
    }
}
