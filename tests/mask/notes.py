"""Forty-eight short texts in several styles with their identifiers marked: [[TYPE|words]]. Invented; written for this test."""

from __future__ import annotations

import re

MARKED = """\
Pt is a 67 y/o M, [[NAME|Harold Whitcombe]], MRN: [[MRN|4471-20-9]], admitted [[DATE|03/14/2021]] with CHF exacerbation. BP 142/88, HR 96.
Discharge summary. Patient: [[NAME|Nakamura, Yuki]]. DOB [[DATE|12 Feb 1958]]. Seen by Dr. [[NAME|Okonkwo]] in the ICU on [[DATE|2021-06-01]].
[[NAME|Mrs. Delgado|Delgado]] is a [[AGE|93]]-year-old woman transferred from [[ORGANIZATION|St. Brigid Hospital]] after a fall on [[DATE|May 5th]].
Called daughter ([[NAME|Priya]], [[PHONE|617-555-0142]]) to discuss goals of care. She agrees with hospice.
Metformin 500 mg PO BID, lisinopril 10 mg daily. Follow up in 2 weeks. No known drug allergies.
Medicare no. [[HEALTH_PLAN|1EG4-TE5-MK73]]; pacemaker serial number [[DEVICE|PZK449213S]]. Lives alone at [[ADDRESS|1420 Oakwood Ave Apt 3B]], [[CITY|Springfield]], [[LOCATION|IL]] [[POSTCODE|62704]].
Impression: community acquired pneumonia, right lower lobe. Plan: amoxicillin 1 g TID for 7 days, repeat chest x-ray in 6 weeks.
Hi, my name is [[NAME|maria lopez]] and my order 10293 never arrived. You can call me at [[PHONE|(415) 555-2671]] or write to [[EMAIL|maria.lopez84@example.com]].
Hello team, I can't log in. Username: [[USERNAME|tom_becker77]], last login from [[IP|192.168.14.22]]. Thanks, [[NAME|Tom]]
Please refund the charge to card [[CREDIT_CARD|4539 1488 0343 6467]]; the account holder is [[NAME|Grace Kim]], [[ADDRESS|88 Larkin Street]], [[CITY|Leeds]] [[POSTCODE|LS1 4AP]].
Ticket 88213: app version 2.14.3 crashes when I open Settings on Android 14. Tried twice on Monday, same error 500.
Dear Support, my fax is [[FAX|+44 20 7946 0991]] and my mobile is [[PHONE|07700 900482]]. Regards, [[NAME|Siobhan O'Rourke]]
The invoice no. 2024-00871 over EUR 1,249.00 was paid from [[IBAN|DE89 3704 0044 0532 0130 00]] on [[DATE|1 March 2024]].
Our serial is [[DEVICE|SN-77A-20931]], MAC [[DEVICE|00:1B:44:11:3A:B7]], bought at the store in [[CITY|Portland]].
[10:32] [[NAME|will]]: did [[NAME|grace]] send the slides? [10:33] [[NAME|priyanka]]: not yet, may take an hour
omg [[NAME|jessica]] just texted me, she is moving to [[CITY|chicago]] next week lol
hey [[NAME|Dmitri]], ask [[NAME|Oluwaseun]] or [[NAME|Nguyen Thi Lan]] if they can cover the shift at [[ORGANIZATION|Riverside Medical Center]]
[[USERNAME|@sunny_d]] check [[URL|https://www.photos.example.org/u/8812]] before it is gone
ok thx, will call u tmrw. hope the weather is nice in june
THIS AGREEMENT is made on [[DATE|January 15, 2019]] between [[ORGANIZATION|Harrow & Finch Ltd]] ("Lessor") and [[NAME|Robert J. Ellison]] ("Lessee").
The Lessee shall pay rent on the first day of each month. Section 4 of this Agreement survives termination.
Signed by [[NAME|Amara Diallo]], passport [[SSN|X4RTBPFW4]], residing at [[ADDRESS|12 rue de Rivoli]], [[POSTCODE|75001]] [[CITY|Paris]], [[LOCATION|France]].
The vehicle, VIN [[VEHICLE|1HGCM82633A004352]], plate [[VEHICLE|AB12 CDE]], was sold by [[NAME|J. Smith]] to [[NAME|Li Wei]].
SSN [[SSN|219-09-9999]]. Driver's license [[LICENSE|D1234562]]. Account number [[ACCOUNT|000123456789]].
Frau [[NAME|Müller]] wohnt in der [[ADDRESS|Berliner Straße 12a]], [[POSTCODE|10115]] [[CITY|Berlin]]. Geboren am [[DATE|12.03.1980]].
Sehr geehrter Herr Dr. [[NAME|Schneider]], der Patient [[NAME|Jürgen Vogt]] wurde am [[DATE|3. April 2022]] in der [[ORGANIZATION|Charité]] aufgenommen. Tel. [[PHONE|030 1234567]].
Die Rechnung wurde am Montag bezahlt, die Lieferung kommt mit der Post. Bitte melden Sie sich bei Fragen.
Madame [[NAME|Lefebvre]], née le [[DATE|4 juillet 1971]], habite au [[ADDRESS|27 avenue Jean Jaurès]] à [[CITY|Lyon]]. Tél. [[PHONE|06 12 34 56 78]].
Bonjour, je m'appelle [[NAME|Benoît Tremblay]] et mon numéro de sécurité sociale est [[SSN|1 84 12 76 451 089 46]].
Le colis n'est pas arrivé. Pouvez-vous vérifier la commande 55120 ? Merci beaucoup.
La paciente [[NAME|Carmen Ruiz Ortega]], DNI [[SSN|12345678Z]], vive en [[ADDRESS|Calle Mayor 15]], [[CITY|Madrid]]. Nacida el [[DATE|3 de enero de 1965]].
El señor [[NAME|Gutiérrez]] llamó desde el [[PHONE|+34 612 345 678]] por la factura del martes.
Il signor [[NAME|Paolo Bianchi]] abita in [[ADDRESS|Via Garibaldi 8]], [[CITY|Torino]]; codice fiscale [[SSN|BNCPLA70A01L219K]].
[[NAME|Jan van der Berg]], [[ADDRESS|Keizersgracht 174]], [[POSTCODE|1016 DW]] [[CITY|Amsterdam]], is geboren op [[DATE|9 mei 1988]].
[[NAME|Smith, John]] (ID: [[ID|AX-99812]]) met [[NAME|al-Masri, Layla]] in [[LOCATION|Jordan]].
The professor, [[NAME|Svetlana Ivanova]], moved from [[ORGANIZATION|University of Leeds]] to [[ORGANIZATION|Barclays Bank]] in 2015.
Rose petals may fade, but hope will grow. The bishop and the baker read a page by the brook.
In May the price of rice will rise; in August it falls. Mark the date, then grant access and frank the letter.
[[NAME|Rose]] said she would visit, and [[NAME|Mr. Price|Price]] agreed. [[NAME|May Chen]] was not there.
Meeting notes: Budget Review, Quarterly Planning, Open Questions. Monday 9:30, Room 4.
My father [[NAME|Chukwuemeka Nwosu]] died on [[DATE|Dec 24, 2003]] aged [[AGE|91]].
Reservation for [[NAME|TANAKA HIROSHI]], arriving [[DATE|2024/08/19]], loyalty number [[ID|77100231]].
FROM: [[NAME|ANNA KOWALSKA]] SUBJECT: DOCUMENTS FOR [[NAME|DR. MEHTA|MEHTA]]
Ship to [[NAME|Fatima Al-Sayed]], [[ADDRESS|P.O. Box 1187]], [[CITY|Dubai]]. WhatsApp [[PHONE|+971 50 123 4567]].
The train leaves at 18:45 from platform 3 and costs 12.50. Seat 44, coach B. ISBN 978-3-16-148410-0.
NHS number [[MRN|943 476 5919]], GP surgery at [[ADDRESS|221b Baker Street]], [[CITY|London]] [[POSTCODE|NW1 6XE]].
Nurse [[NAME|Beatriz]] scanned the badge [[LICENSE|RN-448120]] and the photo [[PHOTO|patient_face_0231.jpg]].
Error 404 at line 12: variable count_10 is undefined; see README.md and config.yaml for 3 examples.
"""
"""A text a line. [[TYPE|words]] marks an identifier; [[TYPE|words|part]] one of which a detector may leave out the rest."""

_MARK = re.compile(r"\[\[([A-Z_]+)\|([^|\]]+)(?:\|([^\]]+))?\]\]")


def texts() -> list[tuple[str, list[tuple[int, int, str]]]]:
    """Return each text with its identifiers: start, end (exclusive), type."""
    read = []
    for line in MARKED.splitlines():
        text, spans, done = "", [], 0
        for match in _MARK.finditer(line):
            text += line[done : match.start()]
            kept = match[3] or match[2]
            start = len(text) + match[2].index(kept)
            spans.append((start, start + len(kept), match[1]))
            text += match[2]
            done = match.end()
        read.append((text + line[done:], spans))
    return read
