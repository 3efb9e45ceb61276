//! Addresses and their blocks. An IPv4 octet may have leading zeros: it is decimal all the same.

use std::net::{Ipv4Addr, Ipv6Addr};

use dashu_base::UnsignedAbs as _;
use dashu_int::{IBig, UBig};

use super::{Call, CallError, Function, Spec, function, number, string};
use crate::value::{Type, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("cidrhost", &[string("prefix"), number("hostnum")], Spec::String, host),
    function("cidrnetmask", &[string("prefix")], Spec::String, netmask),
    function(
        "cidrsubnet",
        &[string("prefix"), number("newbits"), number("netnum")],
        Spec::String,
        subnet,
    ),
    function("cidrsubnets", &[string("prefix")], Spec::List(&Spec::String), subnets)
        .variadic(number("newbits")),
];

/// A block of addresses; the address is that of the block.
#[derive(Clone, Copy)]
struct Block {
    address: u128,
    /// The length of its prefix.
    length: u32,
    /// The length of an address: 32 or 128.
    bits: u32,
}

impl Block {
    fn parse(text: &str) -> Result<Block, String> {
        let wrong = || format!("invalid CIDR expression: invalid CIDR address: {text}");
        let (address, length) = text.split_once('/').ok_or_else(wrong)?;
        let (address, bits) = if address.contains(':') {
            (u128::from(ipv6(address).ok_or_else(wrong)?), 128)
        } else {
            (u128::from(u32::from(ipv4(address).ok_or_else(wrong)?)), 32)
        };
        let digits = !length.is_empty()
            && length.len() < 4
            && length.bytes().all(|byte| byte.is_ascii_digit());
        let length = length.parse().ok().filter(|length: &u32| digits && *length <= bits);
        let length = length.ok_or_else(wrong)?;
        let block = Block { address, length, bits };
        Ok(Block { address: address & block.mask(), ..block })
    }

    fn mask(self) -> u128 {
        let free = self.bits - self.length;
        let all = if self.bits == 128 { u128::MAX } else { u128::from(u32::MAX) };
        if free == 128 { 0 } else { all >> free << free }
    }

    /// Says whether it is a block of IPv4 in the form of IPv6 (`::ffff:10.0.0.0/104`).
    fn is_mapped(self) -> bool {
        self.bits == 128 && self.address >> 32 == 0xffff
    }

    fn text_of(self, address: u128) -> String {
        let mapped = Block { address, ..self }.is_mapped();
        match u32::try_from(if mapped { address & 0xffff_ffff } else { address }) {
            Ok(small) if mapped || self.bits == 32 => Ipv4Addr::from(small).to_string(),
            _ => Ipv6Addr::from(address).to_string(),
        }
    }

    fn text(self) -> String {
        let length = if self.is_mapped() { self.length.saturating_sub(96) } else { self.length };
        format!("{}/{length}", self.text_of(self.address))
    }

    fn last(self) -> u128 {
        self.address | (!self.mask() & Block { length: 0, ..self }.whole())
    }

    fn whole(self) -> u128 {
        if self.bits == 128 { u128::MAX } else { u128::from(u32::MAX) }
    }
}

/// A group, too, may have leading zeros, more than there is room for.
fn ipv6(text: &str) -> Option<Ipv6Addr> {
    let group = |group: &str| {
        let significant = group.trim_start_matches('0');
        match group {
            "" => Some(String::new()),
            _ if group.contains('.') => ipv4(group).map(|address| address.to_string()),
            _ if significant.is_empty() => Some("0".into()),
            _ => Some(significant.to_string()),
        }
    };
    let groups: Option<Vec<String>> = text.split(':').map(group).collect();
    groups?.join(":").parse().ok()
}

fn ipv4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let significant = part.trim_start_matches('0');
        *octet = if digits && significant.is_empty() {
            0
        } else {
            significant.parse().ok().filter(|_| digits)?
        };
    }
    parts.next().is_none().then(|| octets.into())
}

fn whole(call: &Call<'_>, place: usize) -> Result<IBig, CallError> {
    let number = call.arguments[place].as_number();
    let text = number.filter(|number| number.is_integer()).map(ToString::to_string);
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| CallError::new("value must be a whole number"))
}

/// The last 64 bits of a number's magnitude: all that Terraform compares.
fn low_bits(number: &IBig) -> u64 {
    let low = UBig::from(u64::MAX) & number.unsigned_abs();
    u64::try_from(low).expect("64 bits are no more than that")
}

/// Fills a number into a block's address, so many bits from its end.
fn insert(block: Block, number: IBig, shift: usize) -> Result<u128, CallError> {
    let filled: IBig = IBig::from(block.address) | (number << shift);
    // Of a negative number the magnitude counts.
    let address = u128::try_from(filled.unsigned_abs());
    address.ok().filter(|address| *address <= block.whole()).ok_or_else(|| {
        let bits = block.bits;
        CallError::new(format!("the number leads out of the {bits} bits that an address has"))
    })
}

/// A negative number counts from the end.
fn host(call: &Call<'_>) -> Result<Value, CallError> {
    let number = whole(call, 1)?;
    let block = Block::parse(call.text(0)).map_err(CallError::new)?;
    let last = IBig::from(block.last() - block.address);
    let (place, compared) = if number < IBig::ZERO {
        // Counted from the end, the last one is number zero.
        let back = -number - IBig::ONE;
        (&last - &back, back)
    } else {
        let low = IBig::from(low_bits(&number).cast_signed());
        (number, low)
    };
    if compared > last {
        return Err(CallError::new(format!(
            "prefix of {} does not accommodate a host numbered {place}",
            block.length
        )));
    }
    // Of an IPv4 address in the form of IPv6 it is the first bits that are filled: so it is known.
    let shift = if block.is_mapped() { 96 } else { 0 };
    Ok(Value::string(block.text_of(insert(block, place, shift)?)))
}

fn netmask(call: &Call<'_>) -> Result<Value, CallError> {
    let block = Block::parse(call.text(0)).map_err(CallError::new)?;
    if block.bits == 128 && !block.is_mapped() {
        return Err(CallError::new(format!(
            "IPv6 addresses cannot have a netmask: {}",
            call.text(0)
        )));
    }
    Ok(Value::string(block.text_of(block.mask())))
}

fn subnet(call: &Call<'_>) -> Result<Value, CallError> {
    let new_bits = call.integer(1)?;
    let number = whole(call, 2)?;
    let block = Block::parse(call.text(0)).map_err(CallError::new)?;
    let length = i64::from(block.length).saturating_add(new_bits);
    if length > i64::from(block.bits) {
        return Err(CallError::new(format!(
            "insufficient address space to extend prefix of {} by {new_bits}",
            block.length
        )));
    }
    let Ok(length) = u32::try_from(length) else {
        return Err(CallError::new(format!(
            "prefix of {} cannot be shortened by {}",
            block.length,
            new_bits.unsigned_abs()
        )));
    };
    let room = u32::try_from(new_bits).ok().and_then(|bits| 1u64.checked_shl(bits));
    if room.is_some_and(|room| low_bits(&number) >= room) {
        return Err(CallError::new(format!(
            "prefix extension of {new_bits} does not accommodate a subnet numbered {number}"
        )));
    }
    // Nothing is cut off: a shorter prefix keeps the bits that it does not cover.
    let address = insert(block, number, (block.bits - length) as usize)?;
    Ok(Value::string(Block { address, length, ..block }.text()))
}

fn subnets(call: &Call<'_>) -> Result<Value, CallError> {
    let block = Block::parse(call.text(0)).map_err(|message| CallError::at(0, message))?;
    let mut texts = Vec::new();
    // The first address that is free; nothing at the end of all addresses.
    let mut next = Some(block.address);
    let mut before: Option<Block> = None;
    for place in 1..call.arguments.len() {
        let bits = super::integer(&call.arguments[place])
            .map_err(|message| CallError::at(place, message))?;
        if bits < 1 {
            return Err(CallError::at(place, "must extend prefix by at least one bit"));
        }
        if bits > 32 {
            return Err(CallError::at(place, "may not extend prefix by more than 32 bits"));
        }
        let length = block.length + u32::try_from(bits).unwrap_or(0);
        if length > block.bits {
            let protocol = if block.bits == 32 { "IPv4" } else { "IPv6" };
            let message = format!(
                "would extend prefix to {length} bits, which is too long for an {protocol} address"
            );
            return Err(CallError::at(place, message));
        }
        let sub = Block { length, ..block };
        let free = !sub.mask() & sub.whole();
        let start = next.and_then(|next| next.checked_add(free)).map(|start| start & sub.mask());
        // The search begins at what stands before the block: before the first address nothing does.
        let inside =
            |start: &u128| block.address != 0 && (block.address..=block.last()).contains(start);
        let Some(start) = start.filter(|start| inside(start) && !block.is_mapped()) else {
            // There is no room where an IPv4 address is in the form of IPv6: its prefix is too long.
            let end = Block { address: sub.whole() & sub.mask(), ..sub };
            let none = if block.is_mapped() { "<nil>".into() } else { end.text() };
            let after = before.map_or(none, Block::text);
            let message = format!(
                "not enough remaining address space for a subnet with a prefix of {length} bits after {after}"
            );
            return Err(CallError::at(place, message));
        };
        let sub = Block { address: start, ..sub };
        texts.push(Value::string(sub.text()));
        next = sub.last().checked_add(1).filter(|next| *next <= block.whole());
        before = Some(sub);
    }
    Ok(Value::list(Type::String, texts))
}
