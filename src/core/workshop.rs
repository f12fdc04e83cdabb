//! A few places for work that keeps a core busy (a password's hash, a picture), off the async threads, behind a short
//! queue; who would wait too long is told to come back. It must not know what the work is.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::{Error, Result};

const QUEUE: usize = 64;
const LONGEST_WAIT: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub struct Workshop {
    places: usize,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// How many jobs there are at this moment.
#[derive(Clone, Copy, Debug)]
pub struct Jobs {
    pub running: usize,
    pub waiting: usize,
}

impl Workshop {
    /// As many places as half of the cores, so that the other half answers.
    pub fn new() -> Self {
        Self::of(usize::MAX)
    }

    /// No more than so many of them: for work that takes much memory too.
    pub fn of(most: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let places = (cores / 2).clamp(1, most.max(1));
        Self { places, running: Arc::new(Semaphore::new(places)), waiting: Arc::new(Semaphore::new(QUEUE)) }
    }

    pub fn places(&self) -> usize {
        self.places
    }

    pub fn jobs(&self) -> Jobs {
        Jobs {
            running: self.places.saturating_sub(self.running.available_permits()),
            waiting: QUEUE.saturating_sub(self.waiting.available_permits()),
        }
    }

    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let running = self.permit().await?;
        // The permit goes into the closure: a caller who gives up does not free a core that is still at work.
        let done = tokio::task::spawn_blocking(move || {
            let _running = running;
            work()
        });
        done.await.map_err(Error::internal)
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit> {
        let busy = || Error::TooBusy(LONGEST_WAIT);
        let _place = self.waiting.clone().try_acquire_owned().map_err(|_| busy())?;
        match tokio::time::timeout(LONGEST_WAIT, self.running.clone().acquire_owned()).await {
            Ok(permit) => permit.map_err(Error::internal),
            Err(_) => Err(busy()),
        }
    }
}

impl Default for Workshop {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn more_than_the_queue_holds_is_told_to_come_back() {
        let workshop = Workshop::new();
        let all = u32::try_from(workshop.running.available_permits()).unwrap_or(1);
        let _busy = workshop.running.clone().acquire_many_owned(all).await;
        let _full = workshop.waiting.clone().acquire_many_owned(64).await;
        assert!(matches!(workshop.run(|| ()).await, Err(Error::TooBusy(_))));
    }
}
