//! Addresses and their blocks. An IPv4 octet may have leading zeros: it is decimal all the same.

use std::net::{Ipv4Addr, Ipv6Addr};

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
            (u128::from(address.parse::<Ipv6Addr>().map_err(|_| wrong())?), 128)
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

    fn text_of(self, address: u128) -> String {
        match u32::try_from(address) {
            Ok(small) if self.bits == 32 => Ipv4Addr::from(small).to_string(),
            _ => Ipv6Addr::from(address).to_string(),
        }
    }

    fn text(self) -> String {
        format!("{}/{}", self.text_of(self.address), self.length)
    }

    fn last(self) -> u128 {
        self.address | (!self.mask() & Block { length: 0, ..self }.whole())
    }

    fn whole(self) -> u128 {
        if self.bits == 128 { u128::MAX } else { u128::from(u32::MAX) }
    }
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

fn whole(call: &Call<'_>, place: usize) -> Result<i128, CallError> {
    let number = call.arguments[place].as_number();
    let whole = number.filter(|number| number.is_integer());
    let whole = whole.ok_or_else(|| CallError::new("value must be a whole number"))?;
    let text = whole.to_string();
    Ok(text.parse().unwrap_or(if whole.is_negative() { i128::MIN } else { i128::MAX }))
}

/// A negative number counts from the end.
fn host(call: &Call<'_>) -> Result<Value, CallError> {
    let number = whole(call, 1)?;
    let block = Block::parse(call.text(0)).map_err(CallError::new)?;
    let free = block.bits - block.length;
    let room = 1u128.checked_shl(free);
    let (place, shown) = if number < 0 {
        // Counted from the end, the last one is number zero.
        (number.unsigned_abs() - 1, number + i128::try_from(room.unwrap_or(0)).unwrap_or(0))
    } else {
        (number.unsigned_abs(), number)
    };
    if room.is_some_and(|room| place >= room) {
        return Err(CallError::new(format!(
            "prefix of {} does not accommodate a host numbered {shown}",
            block.length
        )));
    }
    let address = if number < 0 { block.last() - place } else { block.address + place };
    Ok(Value::string(block.text_of(address)))
}

fn netmask(call: &Call<'_>) -> Result<Value, CallError> {
    let block = Block::parse(call.text(0)).map_err(CallError::new)?;
    if block.bits == 128 {
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
            block.length, -new_bits
        )));
    };
    let room = u32::try_from(new_bits.max(0)).ok().and_then(|bits| 1u128.checked_shl(bits));
    if room.is_some_and(|room| number.unsigned_abs() >= room) {
        return Err(CallError::new(format!(
            "prefix extension of {new_bits} does not accommodate a subnet numbered {number}"
        )));
    }
    let shift = block.bits - length;
    let place = number.unsigned_abs().checked_shl(shift).unwrap_or(0) & block.whole();
    let sub = Block { length, ..block };
    // A negative number fills in its magnitude over nothing: the block's own bits are lost.
    let address = if number < 0 { place } else { (block.address | place) & sub.mask() };
    Ok(Value::string(Block { address, ..sub }.text()))
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
        let Some(start) = start.filter(|start| *start <= block.last() && *start >= block.address)
        else {
            let after = before.map_or_else(|| block.text(), Block::text);
            let message = format!(
                "not enough remaining address space for a subnet with a prefix of {length} bits after {after}"
            );
            return Err(CallError::at(place, message));
        };
        let sub = Block { address: start, ..sub };
        texts.push(Value::string(sub.text()));
        next = sub.last().checked_add(1);
        before = Some(sub);
    }
    Ok(Value::list(Type::String, texts))
}
