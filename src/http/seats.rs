//! How many sockets and streams somebody may have open. A seat is given back when it is dropped.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::core::{accounts::UserId, viewer::Viewer};

/// Of one person. Nobody in particular is bounded by the connections of an address.
pub(super) const SOCKETS: usize = 10;
pub(super) const SUBSCRIPTIONS: usize = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Socket,
    Subscription,
}

impl Kind {
    fn most(self) -> usize {
        match self {
            Self::Socket => SOCKETS,
            Self::Subscription => SUBSCRIPTIONS,
        }
    }
}

#[derive(Clone, Default)]
pub(super) struct Seats(Arc<Mutex<HashMap<(Kind, UserId), usize>>>);

pub(super) struct Seat {
    seats: Seats,
    taken: Option<(Kind, UserId)>,
}

impl Seats {
    /// None when there is none left.
    pub(super) fn take(&self, kind: Kind, viewer: &Viewer) -> Option<Seat> {
        let taken = viewer.signed_in().ok().map(|viewer| (kind, viewer.user.id));
        if let Some(seat) = taken {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let number = all.entry(seat).or_default();
            if *number >= kind.most() {
                return None;
            }
            *number += 1;
        }
        Some(Seat { seats: self.clone(), taken })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some(seat) = self.taken else { return };
        let mut all = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = all.get_mut(&seat) {
            *number -= 1;
            if *number == 0 {
                all.remove(&seat);
            }
        }
    }
}
