"""The types of identifiers that detection knows, and which item of the Safe Harbor list each one answers to."""

from __future__ import annotations

from typing import Final

TYPES: Final[dict[str, str]] = {
    "NAME": "a person's name, or a part of one",
    "AGE": "an age in years; over 89 it is an identifier by itself",
    "DATE": "a date more exact than a year: birth, admission, discharge, death, visit, ...",
    "PHONE": "a telephone number",
    "FAX": "a fax number",
    "EMAIL": "an e-mail address",
    "SSN": "a number given by a state to a person: social security, national insurance, passport, tax number",
    "MRN": "a medical record number",
    "HEALTH_PLAN": "a member or beneficiary number of a health plan",
    "ACCOUNT": "an account number",
    "LICENSE": "a certificate or licence number",
    "VEHICLE": "a vehicle identifier: VIN, licence plate",
    "DEVICE": "a device identifier: MAC address, IMEI, serial number",
    "URL": "a web address",
    "IP": "an internet protocol address",
    "BIOMETRIC": "a biometric identifier, or a reference to a stored one",
    "PHOTO": "a full-face photograph, or the name of its file",
    "ADDRESS": "a street address, or a part of one",
    "CITY": "a city, town or village",
    "POSTCODE": "a postal code",
    "LOCATION": "another place: country, state, county, region, landmark",
    "ORGANIZATION": "a company, hospital, school, authority or other body",
    "CREDIT_CARD": "a payment card number",
    "IBAN": "an international bank account number",
    "ID": "another number, code or key that stands for one person, case or object",
    "USERNAME": "a user name or handle",
    "OTHER": "another characteristic that points to one person, marked by a reviewer",
}
"""Type -> what it means, in one line."""

SURE: Final = 0.85
"""A hit with at least this score is acted on without a question."""

DOUBTFUL: Final = 0.5
"""A hit between this score and SURE goes to the review file; below it nothing is reported."""

SAFE_HARBOR: Final[dict[int, tuple[str, tuple[str, ...]]]] = {
    1: ("Names", ("NAME",)),
    2: (
        "All geographic subdivisions smaller than a state: street address, city, county, precinct, ZIP code and their "
        "equivalent geocodes, except the first three digits of a ZIP code whose area holds more than 20,000 people",
        ("ADDRESS", "CITY", "POSTCODE", "LOCATION"),
    ),
    3: (
        "All elements of dates (except year) directly related to an individual: birth, admission, discharge, death; "
        "and all ages over 89 and elements of dates that show such an age",
        ("DATE", "AGE"),
    ),
    4: ("Telephone numbers", ("PHONE",)),
    5: ("Fax numbers", ("FAX",)),
    6: ("Electronic mail addresses", ("EMAIL",)),
    7: ("Social security numbers", ("SSN",)),
    8: ("Medical record numbers", ("MRN",)),
    9: ("Health plan beneficiary numbers", ("HEALTH_PLAN",)),
    10: ("Account numbers", ("ACCOUNT", "CREDIT_CARD", "IBAN")),
    11: ("Certificate and license numbers", ("LICENSE",)),
    12: ("Vehicle identifiers and serial numbers, including license plate numbers", ("VEHICLE",)),
    13: ("Device identifiers and serial numbers", ("DEVICE",)),
    14: ("Web universal resource locators (URLs)", ("URL",)),
    15: ("Internet protocol (IP) address numbers", ("IP",)),
    16: ("Biometric identifiers, including finger and voice prints", ("BIOMETRIC",)),
    17: ("Full face photographic images and any comparable images", ("PHOTO",)),
    18: (
        "Any other unique identifying number, characteristic or code, except a code permitted for re-identification",
        ("ID", "USERNAME", "OTHER"),
    ),
}
"""Item of 45 CFR 164.514(b)(2)(i) -> (its words, shortened; the types that answer to it)."""

NOT_DETECTED: Final[dict[int, str]] = {
    16: "not covered: prints and recordings are not looked at; only a reference beside a word such as"
    " 'fingerprint id' is",
    17: "not covered: pictures are not looked at; only names of picture files are",
    18: "covered in part: numbers and codes beside words that introduce them, and user names; a description that fits "
    "one person only ('the mayor of ...') is not found",
}
"""Items that detection covers in part or not at all -> what is looked at and what is not; rules cover the others."""
