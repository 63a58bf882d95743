//! Settings while the program runs: read again, and taken into use.

use super::{Daemon, Edges, Event, rules};
use crate::config::{Overlay, Problem, Settings};
use crate::systemd;

impl Daemon {
    /// Reads the configuration again. A broken one has been reported when this returns; the old one stays in force.
    pub(super) fn reload(&mut self) {
        systemd::reloading();
        match self.read_and_take(None) {
            Ok(()) => tracing::info!("the new configuration is in force"),
            Err(problem) => tracing::error!("the old configuration stays in force: {problem}"),
        }
        systemd::ready(&self.shown);
    }

    /// The settings with the overlay in the state folder, or with this one.
    ///
    /// # Errors
    ///
    /// Every problem.
    pub(super) fn read_with(&mut self, overlay: Option<&Overlay>) -> Result<Settings, Vec<Problem>> {
        self.reload.as_mut().map_or_else(|| Err(Vec::new()), |read| read(overlay))
    }

    /// Takes the settings that were in use with this overlay into use again, whatever is in the state folder.
    pub(super) fn take_back(&mut self, overlay: &Overlay) {
        if let Err(problem) = self.read_and_take(Some(overlay)) {
            tracing::error!("the settings from before the change are not back in force: {problem}");
        }
    }

    /// Problems go to the log.
    fn read_and_take(&mut self, overlay: Option<&Overlay>) -> Result<(), String> {
        match self.read_with(overlay) {
            Ok(settings) => self.take(&settings),
            Err(problems) => {
                for problem in problems {
                    tracing::error!("{problem}");
                }
                Err("it cannot be used".to_owned())
            }
        }
    }

    /// Takes settings into use.
    ///
    /// # Errors
    ///
    /// Why the old ones stay, in words.
    pub(super) fn take(&mut self, settings: &Settings) -> Result<(), String> {
        let edges = Edges::new(settings, self.edges.run(), self.folder.as_deref(), self.dns_port, self.clock.clone(), self.events.clone())?;
        if let Some(feeds) = &mut self.feeds {
            feeds.follow(&edges, &settings.lines);
        }
        let before = std::mem::replace(&mut self.edges, edges);
        if !before.asks_the_same_box(&self.edges) {
            // What the other box said is not what this one says.
            self.happened(Event::Resumed);
        }
        self.happened(Event::Reconfigured(Box::new(rules(settings))));
        if let Some(serving) = &mut self.serving {
            serving.follow(settings);
        }
        Ok(())
    }
}
