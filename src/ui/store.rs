//! The state on the page and the only way to change it.

use std::rc::Rc;

use leptos::prelude::*;
use web_sys::File;

use super::client::{self, Client};
use super::files;
use super::state::{Effect, Msg, State, reduce};
use crate::protocol::NoticeLevel;

/// The page's state and its line to the engine; lives in the context of the whole page.
#[derive(Clone, Copy)]
pub struct Store {
    state: RwSignal<State>,
    client: StoredValue<Client, LocalStorage>,
}

impl Store {
    /// Makes the store and puts it into the context.
    pub fn provide() -> Self {
        let state = RwSignal::new(State::default());
        let slot: Rc<std::cell::Cell<Option<Store>>> = Rc::default();
        let listening = Rc::clone(&slot);
        let listener = Rc::new(move |msg| {
            if let Some(store) = listening.get() {
                store.send(msg);
            }
        });
        let store = Self { state, client: StoredValue::new_local(Client::new(listener)) };
        slot.set(Some(store));
        provide_context(store);
        store
    }

    /// The store of the page.
    ///
    /// # Panics
    /// Outside of the page's components.
    pub fn get() -> Self {
        expect_context()
    }

    /// Changes the state and does what follows.
    pub fn send(self, msg: Msg) {
        let is_ready = client::is_ready(&msg);
        let effects = self.state.try_update(|state| reduce(state, msg)).unwrap_or_default();
        if is_ready {
            self.with_client(Client::ready);
        }
        for effect in effects {
            self.perform(effect);
        }
    }

    /// Opens files that a person dropped or picked.
    pub fn open(self, files: Vec<File>) {
        let handles = self.client.try_update_value(|client| client.register(files)).unwrap_or_default();
        self.send(Msg::Open(handles));
    }

    /// A value derived from the state; what depends on it is told only when it changes.
    pub fn memo<T>(self, derive: impl Fn(&State) -> T + Send + Sync + 'static) -> Memo<T>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        Memo::new(move |_| self.state.with(&derive))
    }

    /// Reads the state without following its changes.
    pub fn peek<T>(self, read: impl FnOnce(&State) -> T) -> T {
        self.state.with_untracked(read)
    }

    fn perform(self, effect: Effect) {
        match effect {
            Effect::StartEngine => self.with_client(Client::start),
            Effect::RestartEngine => self.with_client(Client::restart),
            Effect::Send(call) => self.with_client(|client| client.send(call)),
            Effect::Save(exported) => {
                for file in exported {
                    if let Err(text) = files::save(&file) {
                        self.send(Msg::Say { level: NoticeLevel::Warning, text });
                    }
                }
            }
        }
    }

    fn with_client(self, act: impl FnOnce(&mut Client) -> Result<(), String>) {
        if let Some(Err(message)) = self.client.try_update_value(act) {
            self.send(Msg::EngineLost(message));
        }
    }
}
