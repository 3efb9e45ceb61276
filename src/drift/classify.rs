//! Whose doing each part is: by the touches that sessions told, and by the books of habits.
//!
//! Who is known to have written a part counts most. Where it is only known that somebody touched the object, the parts that the
//! service changes by itself stay the service's, unless nothing else is left that the person could have done.

use super::gather::{gravest, overlap};
use super::{Attribute, Class, Finding, Kind};
use crate::providers::touch::{ToldBy, Touch};
use crate::value::Path;

/// Gives a finding its touches, the last first, and says whose doing its parts are.
pub fn classify(finding: &mut Finding, touches: Vec<Touch>) {
    finding.touches = touches;
    let touches = std::mem::take(&mut finding.touches);
    let habit = |attribute: &Attribute| attribute.class == Class::Service;
    let only_habits = finding.attributes.iter().all(habit);
    for attribute in &mut finding.attributes {
        let by_part = touches.iter().position(|touch| names(touch, &attribute.path));
        let whole = |touch: &Touch| touch.parts.is_empty() && !touch.is_ours;
        if let Some(place) = by_part {
            attribute.touch = Some(place);
            attribute.class = of(&touches[place]).unwrap_or(attribute.class);
        } else if attribute.class == Class::Unknown || only_habits {
            let person = touches.iter().position(|touch| whole(touch) && !touch.is_service);
            let place = person.or_else(|| touches.iter().position(whole));
            // What comes along with a request, which names other parts, is told with the last of them.
            let along = |touch: &Touch| touch.told_by == ToldBy::AuditLog && !touch.is_ours;
            let place = place.or_else(|| touches.iter().position(along));
            if let Some(place) = place {
                attribute.touch = Some(place);
                attribute.class = of(&touches[place]).unwrap_or(attribute.class);
            }
        } else {
            // What the service does by itself is told with the service's own touch only.
            attribute.touch = touches.iter().position(|touch| whole(touch) && touch.is_service);
        }
    }
    finding.touches = touches;
    finding.class = match finding.kind {
        Kind::Missing | Kind::Replaced | Kind::Unmanaged => by_whole(finding),
        Kind::Changed | Kind::Unapplied => gravest(finding),
    };
}

/// Gives who else may have made a part so, before the touch that is told with it: where no request names the parts, the last who
/// touched the object need not be the one.
pub fn earlier<'f>(finding: &'f Finding, attribute: &Attribute) -> Vec<&'f Touch> {
    let told = attribute.touch.and_then(|place| Some((place, finding.touches.get(place)?)));
    let Some((place, last)) = told.filter(|(_, last)| !names(last, &attribute.path)) else {
        return Vec::new();
    };
    let mut others: Vec<&Touch> = Vec::new();
    for touch in &finding.touches[place + 1..] {
        let new = touch.who != last.who && others.iter().all(|other| other.who != touch.who);
        if new && touch.parts.is_empty() && !touch.is_ours && !touch.is_service {
            others.push(touch);
        }
    }
    others
}

/// Says whose doing an object's coming or going is: the last who touched the whole.
fn by_whole(finding: &mut Finding) -> Class {
    let last = finding.touches.iter().position(|touch| !touch.is_ours);
    let class = last.and_then(|place| of(&finding.touches[place])).unwrap_or(Class::Unknown);
    for attribute in &mut finding.attributes {
        attribute.class = class;
        attribute.touch = last;
    }
    class
}

/// Gives whose doing a touch is; nothing for our own, after which nothing is known.
fn of(touch: &Touch) -> Option<Class> {
    match (touch.is_ours, touch.is_service) {
        (true, _) => None,
        (false, true) => Some(Class::Service),
        (false, false) => Some(Class::Person),
    }
}

/// Says whether a touch names a part, or what it is in, or something in it.
fn names(touch: &Touch, path: &Path) -> bool {
    touch.parts.iter().any(|part| overlap(part, path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn touch(who: &str, parts: &[&str], is_service: bool) -> Touch {
        Touch {
            who: who.into(),
            agent: None,
            how: "Update".into(),
            when: None,
            told_by: ToldBy::ManagedFields,
            parts: parts.iter().map(|part| Path::root().attribute(*part)).collect(),
            is_service,
            is_ours: who == "us",
        }
    }

    /// Gives a finding of two parts, of which the second is the service's by habit.
    fn finding() -> Finding {
        let attribute = |name: &str, class| Attribute {
            path: Path::root().attribute(name),
            recorded: None,
            configured: None,
            live: Some(Value::string("x")),
            class,
            place: None,
            touch: None,
        };
        Finding {
            kind: Kind::Changed,
            address: None,
            type_name: "a".into(),
            id: String::new(),
            provider: None,
            place: None,
            attributes: vec![attribute("own", Class::Unknown), attribute("habit", Class::Service)],
            class: Class::Unknown,
            touches: Vec::new(),
            remedies: Vec::new(),
        }
    }

    /// Gives the classes of its parts and of the whole.
    fn classes(touches: Vec<Touch>) -> (Class, Class, Class) {
        let mut finding = finding();
        classify(&mut finding, touches);
        (finding.attributes[0].class, finding.attributes[1].class, finding.class)
    }

    #[test]
    fn who_touched_the_whole_before_may_have_made_a_part_so() {
        let mut finding = finding();
        let all = vec![
            touch("ana", &["habit"], false),
            touch("bob", &[], false),
            touch("cid", &[], false),
            touch("bob", &[], false),
        ];
        classify(&mut finding, all);

        let told: Vec<Vec<&str>> = finding
            .attributes
            .iter()
            .map(|of| {
                let first = finding.touch(of).unwrap().who.as_str();
                let more = earlier(&finding, of).into_iter().map(|touch| touch.who.as_str());
                [first].into_iter().chain(more).collect()
            })
            .collect();

        assert_eq!(told, [vec!["bob", "cid"], vec!["ana"]]);
    }

    #[test]
    fn who_has_a_part_counts_more_than_what_the_service_does_as_a_rule() {
        use Class::{Person, Service, Unknown};

        assert_eq!(classes(vec![]), (Unknown, Service, Unknown));
        assert_eq!(classes(vec![touch("us", &[], false)]), (Unknown, Service, Unknown));
        assert_eq!(classes(vec![touch("ana", &["habit"], false)]), (Unknown, Person, Person));
        assert_eq!(classes(vec![touch("scaler", &["own"], true)]), (Service, Service, Service));
        assert_eq!(classes(vec![touch("ana", &[], false)]), (Person, Service, Person));
        assert_eq!(classes(vec![touch("google", &[], true)]), (Service, Service, Service));
    }
}
