//! Who lives in which dwelling with whom.

use chrono::{Datelike, Days, NaiveDate};

use super::home::Dwelling;
use super::identity::{IdBook, fixed_line, mobile};
use super::person::{Person, Role, Sex};
use super::plan::{City, Inhabited};
use crate::draw::Draw;
use crate::rates;
use crate::words::{ethnicity, given_name, surname};

/// Kinds of household with their share in a hundred.
const KINDS: [(Kind, f64); 9] = [
    (Kind::Single, 17.0),
    (Kind::OldAlone, 6.0),
    (Kind::Couple, 15.0),
    (Kind::OldCouple, 12.0),
    (Kind::OneChild, 27.0),
    (Kind::TwoChildren, 8.0),
    (Kind::ThreeGenerations, 8.0),
    (Kind::OneParent, 4.0),
    (Kind::Flatmates, 3.0),
];

#[derive(Debug, Clone, Copy)]
enum Kind {
    Single,
    OldAlone,
    Couple,
    OldCouple,
    OneChild,
    TwoChildren,
    ThreeGenerations,
    OneParent,
    Flatmates,
}

/// One member to be: role, sex and age.
struct Member {
    role: Role,
    sex: Sex,
    age: i64,
}

/// Fills the dwellings of a community with exactly its people.
pub fn settle(
    city: &City,
    inhabited: &Inhabited,
    district: &str,
    dwellings: &mut [Dwelling],
    book: &mut IdBook,
) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::with_capacity(inhabited.people as usize);
    let total = dwellings.len();
    for (place, dwelling) in dwellings.iter_mut().enumerate() {
        let left = inhabited.people as usize - people.len();
        if left == 0 {
            break;
        }
        let mut draw = Draw::new(city.seed, "household", (inhabited.first_compound << 16) + place as u64);
        // As many dwellings stay empty as the people still to come leave.
        let vacant = 1.0 - left as f64 / 2.4 / (total - place) as f64;
        if draw.chance(vacant.max(0.03)) && place + 1 < total {
            continue;
        }
        let mut members = members(&mut draw, dwelling);
        members.truncate(left);
        if place + 1 == total {
            while members.len() < left {
                members.push(Member { role: Role::Tenant, sex: sex(&mut draw), age: draw.between(19, 55) });
            }
            dwelling.group_rental |= members.len() > 8;
        }
        dwelling.occupied = true;
        let tenants = dwelling.group_rental || members.iter().all(|member| matches!(member.role, Role::Tenant));
        let local = draw.chance(if tenants { 0.12 } else { rates::LOCAL * 1.07 });
        let low_income = !tenants && draw.chance(rates::LOW_INCOME);
        let head = people.len();
        let surnames = (surname(&mut draw), surname(&mut draw));
        let household_ethnicity = ethnicity(&mut draw);
        let alone = members.len() == 1 && members[0].age >= 60;
        for (order, member) in members.iter().enumerate() {
            let person = person(
                city,
                inhabited,
                people.len(),
                place,
                head,
                member,
                surnames,
                local,
                household_ethnicity,
                district,
                book,
            );
            let mut person = person;
            person.alone = alone;
            person.low_income = low_income;
            if order > 0 && person.phone.is_none() && person.age(city.until) < 16 {
                person.phone = people[head].phone.clone();
            }
            people.push(person);
        }
    }
    people
}

fn sex(draw: &mut Draw) -> Sex {
    if draw.chance(0.51) { Sex::Male } else { Sex::Female }
}

const fn other(sex: Sex) -> Sex {
    match sex {
        Sex::Male => Sex::Female,
        Sex::Female => Sex::Male,
    }
}

fn members(draw: &mut Draw, dwelling: &mut Dwelling) -> Vec<Member> {
    if draw.chance(rates::GROUP_RENTAL) {
        dwelling.group_rental = true;
        let count = draw.between(6, 12);
        return (0..count).map(|_| Member { role: Role::Tenant, sex: sex(draw), age: draw.between(19, 48) }).collect();
    }
    let kind = KINDS[draw.weighted(KINDS.iter().map(|(_, share)| *share))].0;
    let head_sex = if draw.chance(0.7) { Sex::Male } else { Sex::Female };
    let head = |age| Member { role: Role::Head, sex: head_sex, age };
    let spouse =
        |draw: &mut Draw, age: i64| Member { role: Role::Spouse, sex: other(head_sex), age: age + draw.between(-4, 3) };
    let child = |age: i64, draw: &mut Draw| Member { role: Role::Child, sex: sex(draw), age: age.max(0) };
    match kind {
        Kind::Single => vec![head(draw.between(22, 59))],
        Kind::OldAlone => vec![Member {
            role: Role::Head,
            sex: if draw.chance(0.35) { Sex::Male } else { Sex::Female },
            age: draw.between(61, 94),
        }],
        Kind::Couple => {
            let age = draw.between(25, 58);
            vec![head(age), spouse(draw, age)]
        }
        Kind::OldCouple => {
            let age = draw.between(60, 90);
            vec![head(age), spouse(draw, age)]
        }
        Kind::OneChild => {
            let age = draw.between(27, 52);
            let spouse = spouse(draw, age);
            let child = child(age - 27 - draw.between(-3, 5), draw);
            vec![head(age), spouse, child]
        }
        Kind::TwoChildren => {
            let age = draw.between(30, 50);
            let spouse = spouse(draw, age);
            let first = age - 27 - draw.between(-3, 3);
            let second = first - draw.between(2, 6);
            let children = [child(first, draw), child(second, draw)];
            [head(age), spouse].into_iter().chain(children).collect()
        }
        Kind::ThreeGenerations => {
            let age = draw.between(29, 50);
            let spouse = spouse(draw, age);
            let parents = age + 25 + draw.between(-2, 6);
            let child = child(age - 28 - draw.between(-2, 4), draw);
            let mut all = vec![head(age), spouse, child];
            all.push(Member { role: Role::Parent, sex: Sex::Female, age: parents - draw.between(0, 3) });
            if draw.chance(0.6) {
                all.push(Member { role: Role::Parent, sex: Sex::Male, age: parents });
            }
            all
        }
        Kind::OneParent => {
            let age = draw.between(28, 52);
            let child = child(age - 27 - draw.between(-2, 5), draw);
            vec![head(age), child]
        }
        Kind::Flatmates => {
            let count = draw.between(2, 4);
            (0..count).map(|_| Member { role: Role::Tenant, sex: sex(draw), age: draw.between(21, 36) }).collect()
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "what a person is drawn from, each once")]
fn person(
    city: &City,
    inhabited: &Inhabited,
    place: usize,
    dwelling: usize,
    head: usize,
    member: &Member,
    surnames: (&'static str, &'static str),
    local: bool,
    household_ethnicity: &'static str,
    district: &str,
    book: &mut IdBook,
) -> Person {
    let number = inhabited.first_person + place as u64;
    let mut draw = Draw::new(city.seed, "person", number);
    let age = member.age.clamp(0, 104);
    let days = age * 365 + age / 4 + draw.between(5, 364);
    let birth = city.until.checked_sub_days(Days::new(days.unsigned_abs())).unwrap_or(city.until);
    let birth = NaiveDate::from_ymd_opt(birth.year(), birth.month(), birth.day()).unwrap_or(birth);
    let surname = match member.role {
        Role::Head => surnames.0,
        Role::Spouse => surnames.1,
        // A child has the father's name as a rule; the head is a man as a rule.
        Role::Child => {
            if draw.chance(0.85) {
                surnames.0
            } else {
                surnames.1
            }
        }
        Role::Parent => {
            if member.sex == Sex::Male {
                surnames.0
            } else {
                surname(&mut draw)
            }
        }
        Role::Tenant => surname(&mut draw),
    };
    let given = given_name(&mut draw, member.sex == Sex::Male, birth.year());
    let local = if member.role == Role::Tenant { draw.chance(0.15) } else { local };
    let id = book.give(&mut draw, district, local, birth, member.sex);
    let own_phone = match age {
        0..=11 => 0.0,
        12..=17 => 0.5,
        18..=74 => 0.985,
        _ => 0.75,
    };
    let household = inhabited.first_person + head as u64;
    let phone = if draw.chance(own_phone) {
        Some(mobile(&mut draw, number))
    } else if age > 17 {
        Some(fixed_line(household))
    } else {
        None
    };
    let ethnicity = if draw.chance(0.95) { household_ethnicity } else { ethnicity(&mut draw) };
    Person {
        number,
        name: format!("{surname}{given}"),
        sex: member.sex,
        birth,
        id,
        phone,
        ethnicity,
        role: member.role,
        household,
        dwelling,
        head,
        local,
        registered_at: None,
        alone: false,
        low_income: false,
    }
}
