"""Actions: consistent, keyed, in the form of what they replace; dates keep intervals; codes are never two alike."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.core.patterns import iban, luhn
from simulacra.mask import _dates, _fpe
from simulacra.mask._book import Book, Company
from simulacra.mask._persons import parts
from simulacra.mask.find import Hit
from simulacra.mask.hide import Hider, spliced
from simulacra.mask.keys import Key, fresh
from simulacra.mask.plan import Plan, Rule

KEY = Key(b"k" * 32)
OTHER = Key(b"l" * 32)


def hider(key: Key = KEY, **plan: object) -> Hider:
    return Hider(Plan(**plan), Book(key))  # type: ignore[arg-type]


def company(*names: str, key: Key = KEY) -> Company:
    out = Company(Book(key))
    out.join(parts(name) for name in names)
    return out


# Codes ----------------------------------------------------------------------------------------------------------------

CODES = st.from_regex(r"[A-Za-z0-9 ./-]{1,40}", fullmatch=True)


@settings(max_examples=150, deadline=None)
@given(CODES)
def test_codes_come_back_with_the_key_and_keep_length_and_classes(code: str) -> None:
    made = _fpe.encrypt(code, KEY)
    assert _fpe.decrypt(made, KEY) == code
    assert [_class(c) for c in made] == [_class(c) for c in code] or _hexadecimal(code)
    assert [c for c in made if not c.isalnum()] == [c for c in code if not c.isalnum()]


def _class(c: str) -> str:
    return "9" if c.isdigit() else "a" if c.islower() else "A" if c.isupper() else c


def _hexadecimal(code: str) -> bool:
    return re.fullmatch(r"(?:0x)?[0-9a-fA-F]{16,}", code) is not None


def test_no_two_codes_of_a_shape_get_the_same_surrogate() -> None:
    for codes in ([f"{i:03d}" for i in range(1000)], [str(i) for i in range(10, 1000)], [f"A{i}z" for i in range(10)]):
        made = [_fpe.encrypt(code, KEY) for code in codes]
        assert sorted(made) == sorted(set(made))
        assert sum(a == b for a, b in zip(codes, made, strict=True)) < len(codes) / 4
        assert made != [_fpe.encrypt(code, OTHER) for code in codes]


def test_whole_numbers_gain_no_leading_zero() -> None:
    assert all(_fpe.encrypt(str(i), KEY)[0] != "0" for i in range(10, 2000))
    assert _fpe.encrypt("0042", KEY)[0] == "0"


@settings(max_examples=60, deadline=None)
@given(st.integers(10**14, 10**15 - 1))
def test_cards_and_accounts_keep_valid_check_digits(number: int) -> None:
    from simulacra.core.patterns import check_digit

    card = f"{number}{check_digit(str(number))}"
    spaced = " ".join(card[i : i + 4] for i in range(0, 16, 4))
    made = _fpe.encrypt(spaced, KEY, "card")
    assert luhn(made) and made != spaced and [i for i, c in enumerate(made) if c == " "] == [4, 9, 14]
    assert _fpe.decrypt(made, KEY, "card") == spaced
    account = f"DE{98 - int(f'{number:018d}131400') % 97:02d}{number:018d}"
    assert iban(account)
    made = _fpe.encrypt(account, KEY, "iban")
    assert iban(made) and made[:2] == "DE" and _fpe.decrypt(made, KEY, "iban") == account


def test_uuids_stay_uuids() -> None:
    made = _fpe.encrypt("550e8400-e29b-41d4-a716-446655440000", KEY)
    assert re.fullmatch(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", made)


# Names ----------------------------------------------------------------------------------------------------------------


def test_every_way_to_write_a_name_gets_the_same_person() -> None:
    of = company("John A. Smith", "Maria Lopez").name
    first, middle, last = of("John A. Smith").split()
    assert re.fullmatch(r"[A-Z]\.", middle)
    assert of("Smith, John") == f"{last}, {first}"
    assert of("SMITH, JOHN A.") == f"{last.upper()}, {first.upper()} {middle}"
    assert of("J. Smith") == f"{first[0]}. {last}"
    assert of("John") == first
    assert of("john") == first.lower()
    assert of("Mr. Smith's") == f"Mr. {last}'s"
    assert of("Dr. John Smith") == f"Dr. {first} {last}"
    assert of("Maria") not in (first, "Maria")


def test_titles_and_degrees_are_no_names() -> None:
    made = company().name("Anita Rao")
    for text in ("Dr. Anita Rao", "Anita Rao, M.D.", "Prof. Anita Rao, Ph.D.", "MS ANITA RAO"):
        assert company().name(text) == text.replace("Anita Rao", made).replace("ANITA RAO", made.upper())


def test_a_word_alone_is_the_only_person_of_the_tables_who_has_it() -> None:
    book = Book(KEY)
    for name in ("Anita Rao", "John Smith", "John Walker"):
        book.meet(parts(name))
    first, last = Company(book).name("Anita Rao").split()
    assert Company(book).name("Rao") == last and Company(book).name("Anita") == first
    assert Company(book).name("A. Rao") == f"{first[0]}. {last}"
    # Two persons are called John, so nobody knows who this is.
    assert Company(book).name("John") not in {Company(book).name(n).split()[0] for n in ("John Smith", "John Walker")}


def test_surrogates_depend_on_the_key_alone() -> None:
    name = "Svetlana Ivanova"
    assert company().name(name) == company().name(name)
    assert company().name(name) != company(key=OTHER).name(name)
    assert company().name(name) != company(key=Key(KEY.secret, "another project")).name(name)


def test_the_sex_that_a_name_or_title_tells_stays() -> None:
    from simulacra.mask._book import sex_of

    for name, sex in (("Maria", "female"), ("Anna", "female"), ("John", "male"), ("Peter", "male")):
        assert sex_of(name.lower()) == sex
        made = company(key=fresh()).name(f"{name} Xyz").split()[0]
        assert sex_of(made.lower()) in (sex, "")


def test_particles_hyphens_and_signs_stay() -> None:
    of = company().name
    assert of("Ludwig van der Berg").split()[1:3] == ["van", "der"]
    assert re.fullmatch(r"\w+ \w+-\w+", of("Anna Lopez-Garcia"))
    assert re.fullmatch(r"\w+ \w+", of("Seán O'Brien"))
    assert of("") == ""
    assert of("Judge") != "Judge"


def test_two_people_never_share_a_surrogate_and_no_word_of_the_input_is_given_away() -> None:
    book = Book(KEY)
    book.see("Abbott Aaron Mary Smith Lopez Johnson Walker")
    made = [Company(book).name(f"Given{chr(97 + i % 26)} Family{chr(97 + i // 26)}") for i in range(500)]
    assert len(set(made)) == 500
    assert not {"abbott", "aaron", "mary", "smith", "lopez", "johnson", "walker"} & set(" ".join(made).lower().split())


def test_another_input_changes_no_surrogate_but_those_it_forbids() -> None:
    people = [f"Pat{chr(97 + i % 26)} Doe{chr(97 + i // 26)}" for i in range(300)]
    one, other = Book(KEY), Book(KEY)
    other.see("Mary Smith saw Anna Walker in Boston")
    before, after = ([Company(book).name(p) for p in people] for book in (one, other))
    assert sum(a != b for a, b in zip(before, after, strict=True)) <= 3


# Other kinds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type", "value", "form"),
    [
        ("EMAIL", "john.smith@hospital.org", r"[a-z]+\.[a-z]+@example\.org"),
        ("EMAIL", "JSMITH82@GMAIL.COM", r"[A-Z]+\d\d@EXAMPLE\.COM"),
        ("PHONE", "(212) 234-1234", r"\([2-9]\d\d\) 555-\d{4}"),
        ("PHONE", "+49 30 1234567", r"\+49 30 \d{7}"),
        ("PHONE", "212-234-1234 x12", r"[2-9]\d\d-555-\d{4} x\d\d"),
        ("SSN", "123-45-6789", r"9\d\d-[0-4]\d-\d{4}"),
        ("SSN", "AB 12 34 56 C", r"[A-Z]{2} \d\d \d\d \d\d [A-Z]"),
        ("IP", "8.8.8.8", r"10\.\d+\.\d+\.\d+"),
        ("IP", "2a00::1", r"2001:db8:.*"),
        ("URL", "https://www.acme.com/john/12?q=3", r"https://www\.[a-z]+\.example/[a-z]+/\d\d\?[a-z]+=\d"),
        ("ADDRESS", "1420 Oakwood Ave Apt 3B, Portland, OR 97201", r"\d{4} \w+ Ave Apt \dB, [\w ]+, [A-Z]{2} \d{5}"),
        ("CITY", "BOSTON", r"[A-Z. '-]+"),
        ("LOCATION", "Germany", r"[A-Z][\w ]+"),
        ("ORGANIZATION", "Mercy General Hospital", r"\w+ General Hospital"),
        ("POSTCODE", "02139", r"0\d{4}"),
        ("POSTCODE", "SW1A 1AA", r"[A-Z]{2}\d[A-Z] \d[A-Z]{2}"),
        ("MRN", "MRN-00412", r"[A-Z]{3}-\d{5}"),
        ("PHOTO", "maria_1.jpg", r"[a-z]{5}_\d\.jpg"),
        ("USERNAME", "@mlopez", r"@[a-z]+\d*"),
        ("OTHER", "the mayor", r"\[OTHER\]"),
    ],
)
def test_surrogates_have_the_form_of_what_they_replace(type: str, value: str, form: str) -> None:
    hide = hider()
    rule = hide.plan.rule_of(type)
    made = hide.cell(value, rule, hide.record("1"))
    assert made is not None and re.fullmatch(form, made), made
    assert made != value
    assert made == hider().cell(value, rule, hider().record("1"))
    assert hider(OTHER).cell(value, rule, hider(OTHER).record("1")) != made or type in ("OTHER", "LOCATION")


def test_one_number_written_in_two_ways_is_one_number() -> None:
    hide = hider()
    rule = hide.plan.rule_of("PHONE")
    a, b = (hide.cell(v, rule, hide.record()) for v in ("(212) 234-1234", "+1 212-234-1234"))
    assert re.sub(r"\D", "", str(b)) == "1" + re.sub(r"\D", "", str(a))


def test_addresses_of_mail_carry_the_surrogate_name() -> None:
    hide = hider()
    record = hide.record("1", [parts("John Smith")])
    first, last = record.company.name("John Smith").lower().split()
    rule = hide.plan.rule_of("EMAIL")
    assert hide.cell("john.smith@a.com", rule, record) == f"{first}.{last}@example.com"
    assert hide.cell("jsmith@b.com", rule, record) == f"{first[0]}{last}@example.com"


@pytest.mark.parametrize(
    ("rule", "value", "made"),
    [
        (Rule("NAME", "keep"), "Ann", "Ann"),
        (Rule("NAME", "remove"), "Ann", None),
        (Rule("NAME", "mask"), "Ann", "[NAME]"),
        (Rule("NAME", "mask", {"with": "***"}), " Ann ", " *** "),
        (Rule("CREDIT_CARD", "mask", {"last": 4}), "4111 1111 1111 1111", "**** **** **** 1111"),
        (Rule("ACCOUNT", "mask", {"last": 4}), "123", "**3"),
        (Rule("DATE", "generalise"), "12 March 2019", "2019"),
        (Rule("DATE", "generalise"), "2019-03-12T10:00", "2019"),
        (Rule("DATE", "generalise"), "12/03", "[DATE]"),
        (Rule("AGE", "generalise"), "89", "89"),
        (Rule("AGE", "generalise"), "90", "90+"),
        (Rule("AGE", "generalise", {"width": 5}), "34", "30-34"),
        (Rule("AGE", "generalise", {"width": 5}), "87", "85-89"),
        (Rule("POSTCODE", "generalise"), "02139", "021"),
        (Rule("POSTCODE", "generalise"), "02139-1234", "021"),
        (Rule("POSTCODE", "generalise"), "03601", "000"),
        (Rule("POSTCODE", "generalise"), "2139", "021"),
        (Rule("POSTCODE", "generalise"), "SW1A 1AA", "SW"),
        (Rule("ADDRESS", "generalise"), "12 Oak St, Boston, MA 02139", "MA"),
        (Rule("LOCATION", "generalise"), "Berlin, Germany", "Germany"),
        (Rule("CITY", "generalise"), "Boston", "[CITY]"),
        (Rule("", "generalise", {"width": 10}), "47", "40-49"),
        (Rule("EMAIL", "generalise"), "a@b.com", "[EMAIL]"),
        (Rule("DATE", "shift"), "unknown", "unknown"),
        (Rule("DATE", "shift"), "the 99th of 1234567", "[DATE]"),
        (Rule("DATE", "shift"), "9999-12-31", "9999-12-31"),
    ],
)
def test_what_each_action_writes(rule: Rule, value: str, made: str | None) -> None:
    hide = hider()
    assert hide.cell(value, rule, hide.record("1")) == made


def test_ages_stay_numbers_where_a_file_has_types() -> None:
    hide = hider()
    assert hide.cell("97", Rule("AGE", "generalise"), hide.record(), number=True) == "90"


def test_pseudonyms_are_keyed_hashes_and_no_bare_ones() -> None:
    import hashlib

    hide = hider()
    rule = Rule("ID", "pseudonym")
    made = str(hide.cell("10293", rule, hide.record()))
    assert re.fullmatch(r"P-[0-9a-f]{16}", made)
    assert made == hider().cell(" 10293", rule, hide.record())[1:]  # type: ignore[index]
    assert made != hider(OTHER).cell("10293", rule, hide.record())
    bare = {hashlib.new(name, b"10293").hexdigest()[:16] for name in ("md5", "sha1", "sha256", "sha512", "blake2b")}
    assert made[2:] not in bare
    name = Rule("NAME", "pseudonym", {"length": 32})
    assert hide.cell("Smith, John", name, hide.record()) == hide.cell("John Smith", name, hide.record())


# Dates ----------------------------------------------------------------------------------------------------------------

WRITTEN = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d.%m.%Y", "%d %B %Y", "%B %d, %Y", "%d-%b-%Y", "%a, %d %b %Y", "%A, %B %d, %Y",
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)), st.sampled_from(WRITTEN), st.integers(-4000, 4000))
def test_dates_move_by_whole_days_in_their_own_form(day: dt.date, form: str, days: int) -> None:
    assert _dates.shift(day.strftime(form), days, _dates.DayFirst()) == (day + dt.timedelta(days)).strftime(form)


@pytest.mark.parametrize(
    ("text", "first", "made"),
    [
        ("03/04/2019", False, "04/13/2019"),
        ("03/04/2019", True, "13/05/2019"),
        ("3/4/19", False, "4/13/19"),
        ("25/12/2019", False, "03/02/2020"),
        ("2019-03-12T23:59:01Z", False, "2019-04-21T23:59:01Z"),
        ("March 12th, 2019 at 5pm", False, "April 21st, 2019 at 5pm"),
        ("12. März 2019", False, "21. April 2019"),
        ("3 de marzo de 2019", False, "12 de abril de 2019"),
        ("04-May-19", False, "13-Jun-19"),
        ("March 2019", False, "April 2019"),
        ("March 12", False, "April 21"),
        ("2019", False, "2019"),
        ("10:30 pm", False, "10:30 pm"),
    ],
)
def test_forms_of_dates_in_texts(text: str, first: bool, made: str) -> None:
    assert _dates.shift(text, 40, first) == made


def test_the_order_of_day_and_month_is_told_by_the_dates_of_the_file() -> None:
    seen = _dates.DayFirst()
    seen.look(["01/02/2020", "25/12/2020", "13/01/2020"])
    assert _dates.shift("01/02/2020", 1, seen) == "02/02/2020"
    assert _dates.shift("01/02/2020", 1, _dates.DayFirst(), "en") == "01/03/2020"
    assert _dates.shift("01/02/2020", 1, _dates.DayFirst(), "de") == "02/02/2020"


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=20), st.booleans(), st.integers(1, 1000))
def test_the_shift_of_a_person_is_never_zero_and_within_its_bounds(person: str, weekday: bool, days: int) -> None:
    hide = hider(weekday=weekday, days=max(days, 7 if weekday else 1))
    offset = hide.offset(person)
    assert 0 < abs(offset) <= hide.plan.days
    assert offset == hider(weekday=weekday, days=hide.plan.days).offset(person)
    assert not weekday or offset % 7 == 0


def test_persons_move_by_different_days_that_only_the_key_tells() -> None:
    offsets = [hider().offset(str(i)) for i in range(200)]
    assert len(set(offsets)) > 120
    assert sum(o > 0 for o in offsets) in range(60, 141)  # beyond: less than 1e-7 by chance
    assert offsets != [hider(OTHER).offset(str(i)) for i in range(200)]


def test_several_dates_in_one_cell_all_move() -> None:
    hide = hider()
    days = dt.timedelta(hide.offset("1"))
    made = hide.cell("from 2020-01-05 to 2020-02-06", Rule("DATE", "shift"), hide.record("1"))
    assert made == f"from {dt.date(2020, 1, 5) + days} to {dt.date(2020, 2, 6) + days}"


# Texts ----------------------------------------------------------------------------------------------------------------


def test_places_of_a_text_are_exchanged_and_the_rest_stays() -> None:
    text = "Ann Lee, b. 2001-02-03, a@b.com; Ann is 95."
    hits = [Hit(0, 7, "NAME", 0.9, ""), Hit(12, 22, "DATE", 0.9, ""), Hit(24, 31, "EMAIL", 0.9, "")]
    hits += [Hit(33, 36, "NAME", 0.6, ""), Hit(40, 42, "AGE", 0.9, "")]
    hide = hider()
    places = hide.text(text, hits, hide.record("1"))
    new = spliced(text, places)
    first = new.split()[0]
    assert re.fullmatch(rf"{first} \w+, b\. \d{{4}}-\d\d-\d\d, \w+@example\.com; {first} is 90\+\.", new)
    assert [new[s:e] for s, e in (p.made for p in places)] == [p.new for p in places]
    kept = Hider(Plan(doubtful="keep"), Book(KEY))
    assert "; Ann is" in spliced(text, kept.text(text, hits, kept.record("1")))


def test_overlapping_places_are_taken_once() -> None:
    hide = hider()
    places = hide.text("Ann Lee", [Hit(0, 7, "NAME", 0.9, ""), Hit(4, 7, "CITY", 0.9, "")], hide.record())
    assert len(places) == 1


def test_the_rule_of_a_text_column_wins_over_the_defaults() -> None:
    hide = hider()
    hits = [Hit(0, 7, "NAME", 0.9, ""), Hit(8, 18, "DATE", 0.9, "")]
    made = spliced("Ann Lee 2001-02-03", hide.text("Ann Lee 2001-02-03", hits, hide.record(), "", Rule("TEXT", "mask")))
    assert made == "[NAME] [DATE]"
    gone = hide.text("Ann Lee 2001-02-03", hits, hide.record(), "", Rule("TEXT", "remove"))
    assert spliced("Ann Lee 2001-02-03", gone) == " "


def test_a_secret_is_not_shown() -> None:
    key = fresh()
    assert key.secret.hex() not in repr(key) and repr(key.secret) not in repr(key)
