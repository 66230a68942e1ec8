//! State of one program instance that belongs to an upper layer: a cache of a page, the imports
//! that run, the timetable. Kept by its type, so that what is below needs to know none of it.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

type States = HashMap<TypeId, Arc<dyn Any + Send + Sync>>;

/// One value of each type.
#[derive(Debug, Default)]
pub struct Shared(RwLock<States>);

impl Shared {
    /// The value of this type; made when it is asked for the first time.
    pub fn get<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let id = TypeId::of::<T>();
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        if let Some(known) = known.and_then(|known| known.downcast().ok()) {
            return known;
        }
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let made = all.entry(id).or_insert_with(|| Arc::new(T::default())).clone();
        made.downcast().unwrap_or_default()
    }

    /// Sets the value of this type.
    pub fn set<T: Send + Sync + 'static>(&self, value: T) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(TypeId::of::<T>(), Arc::new(value));
    }
}
