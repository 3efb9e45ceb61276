//! Names of resource blocks in their module, and looking a block up without making a name of its own.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};

use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::Resource;
use crate::addr::{Address, Mode};

/// A resource block's name in its module: mode, type, name.
pub type BlockKey = (Mode, String, String);

/// The resource blocks of a module. A block is looked up very many times, so that it is found by its hash; when all are read
/// they are sorted by their names.
pub type Blocks = IndexMap<BlockKey, Box<Resource>, FixedState>;

/// A block's name, of text that stands elsewhere.
pub type BlockName<'n> = (Mode, &'n str, &'n str);

/// Gives the name that an address's block has in its module.
pub fn block_name(address: &Address) -> BlockName<'_> {
    (address.mode, &address.type_name, &address.name)
}

/// What names a block.
pub trait NamesBlock {
    /// Gives the name.
    fn name(&self) -> BlockName<'_>;
}

impl NamesBlock for BlockKey {
    fn name(&self) -> BlockName<'_> {
        (self.0, &self.1, &self.2)
    }
}

impl NamesBlock for BlockName<'_> {
    fn name(&self) -> BlockName<'_> {
        *self
    }
}

impl<'n> Borrow<dyn NamesBlock + 'n> for BlockKey {
    fn borrow(&self) -> &(dyn NamesBlock + 'n) {
        self
    }
}

impl PartialEq for dyn NamesBlock + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for dyn NamesBlock + '_ {}

impl Hash for dyn NamesBlock + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}
