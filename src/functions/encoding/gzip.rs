//! `base64gzip`: the very bytes that Go's gzip writer gives, as they stand in people's plans.
//!
//! Any other compressor would read back to the same text and yet show a change of every instance
//! that has such a text in its attributes. So each choice is Go's at its usual level: how matches are
//! sought (`matches.rs`), how long codes are and in which form a block is written (`block.rs`).

mod block;
mod matches;

use self::block::Bits;

/// Compresses bytes as Go's writer does that is flushed before it is closed: the data, an empty block
/// that marks the flush, and an empty last block.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut bits = Bits::default();
    // The method is deflate; no name, no time, no operating system.
    bits.bytes(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
    matches::split(bytes, |tokens, input| block::write(&mut bits, tokens, input));
    block::write_stored(&mut bits, &[], false);
    block::write_stored(&mut bits, &[], true);
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    bits.bytes(&sum.sum().to_le_bytes());
    bits.bytes(&sum.amount().to_le_bytes());
    bits.finish()
}
