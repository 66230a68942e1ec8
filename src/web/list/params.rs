//! What an address asks of a list, and the links around its rows. Every field is text: one that
//! cannot be read is as if it were not there, and the form shows what was understood.

use serde::Serialize;

use super::kit::{Keyset, Page, Side};
use crate::base::url;

/// The fields of an address, as [`list_params!`](crate::list_params) declares them.
pub trait Params: Default {
    /// Name and value of each field, in the order of links; without the place of the page.
    fn fields(&self) -> Vec<(&'static str, &str)>;

    /// `after` and `before`: keys of the rows between which the page lies.
    fn place(&self) -> (&str, &str);

    /// The address of this list with some fields changed; paging begins anew unless it is one
    /// of the changes.
    fn link(&self, path: &str, changes: &[(&str, &str)]) -> String {
        let mut fields = self.fields();
        fields.extend([("after", ""), ("before", "")]);
        for (name, value) in &mut fields {
            if let Some((_, new)) = changes.iter().find(|(changed, _)| changed == name) {
                *value = new;
            }
        }
        url::link(path, &fields)
    }

    /// True when a field narrows the list; the tab, the order and the size do not.
    fn is_narrowed(&self, but: &[&str]) -> bool {
        self.fields().iter().any(|(name, value)| !but.contains(name) && !value.trim().is_empty())
    }

    fn side<R>(&self, order: &Keyset<R>) -> Side {
        let (after, before) = self.place();
        order.side(after, before)
    }

    /// Links to the pages beside this one.
    fn neighbours<R>(&self, path: &str, page: &Page<R>) -> Neighbours {
        let link = |name: &str, key: &Option<String>| match key {
            Some(key) => self.link(path, &[(name, key)]),
            None => String::new(),
        };
        Neighbours {
            first: page.before.as_ref().map(|_| self.link(path, &[])).unwrap_or_default(),
            before: link("before", &page.before),
            after: link("after", &page.after),
        }
    }

    /// A link with some fields changed, and how many rows are there.
    fn chip(&self, path: &str, name: &str, count: i64, changes: &[(&str, &str)], on: bool) -> Chip {
        let link = self.link(path, changes);
        Chip { name: name.to_owned(), count, link, on, own: String::new() }
    }

    /// A link for each of these values of a field.
    fn chips(&self, path: &str, field: &str, of: &[(&str, &str)], counts: &[i64]) -> Vec<Chip> {
        let here = self.fields().iter().find(|(name, _)| *name == field).map_or("", |(_, v)| v);
        let chip = |((value, name), count): (&(&str, &str), &i64)| {
            self.chip(path, name, *count, &[(field, value)], here == *value)
        };
        of.iter().zip(counts).map(chip).collect()
    }
}

/// Links to the neighbouring pages; empty where there is none.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Neighbours {
    pub first: String,
    pub before: String,
    pub after: String,
}

/// A tab with how many rows it has.
#[derive(Clone, Debug, Serialize)]
pub struct Chip {
    pub name: String,
    pub count: i64,
    pub link: String,
    pub on: bool,
    /// Names a list of one's own that can be forgotten.
    pub own: String,
}

/// Declares what an address may ask of a list: text fields, and the place of the page.
#[macro_export]
macro_rules! list_params {
    ($(#[$about:meta])* $name:ident { $($(#[$of:meta])* $field:ident),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
        #[serde(default)]
        pub struct $name {
            $($(#[$of])* pub $field: String,)+
            /// Key of the row after which the page begins.
            pub after: String,
            /// Key of the row before which the page ends.
            pub before: String,
        }

        impl $crate::web::list::params::Params for $name {
            fn fields(&self) -> Vec<(&'static str, &str)> {
                vec![$((stringify!($field), self.$field.as_str())),+]
            }

            fn place(&self) -> (&str, &str) {
                (&self.after, &self.before)
            }
        }
    };
}
