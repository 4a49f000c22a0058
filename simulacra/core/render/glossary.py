"""The terms of a report, each in one plain sentence, and which of them a page uses."""

from __future__ import annotations

import re

ALWAYS = ("real, made", "fresh real sample", "interval", "limit", "verdict")

TERMS = {
    "real, made": "Real rows are what the method learned from; made rows are what it drew.",
    "fresh real sample": "Real rows that the method never saw, as many as are compared. What they reach is the "
    "mark for every figure.",
    "interval": "The range in which the figure would lie in 95 of 100 repetitions with other rows.",
    "limit": "Where the verdict fail begins for this figure.",
    "verdict": "ok, warn, fail or unknown; the whole report has the gravest of them, never an average.",
    "holdout": "Real rows kept aside before the method learned anything.",
    "classifier two-sample test": "A model is trained to tell made rows from real ones; if it cannot do better than a "
    "coin, no difference was found that such a model can see.",
    "C2ST": "Classifier two-sample test: can a trained model tell made rows from real ones?",
    "AUC": "How often a model ranks a random row of one kind above one of the other: 0.5 is a coin, 1 is always right.",
    "AUROC": "The area under the ROC curve, the same as AUC.",
    "specificity": "The share of the rows outside a class that a model leaves out of it.",
    "TSTR": "Train on synthetic, test on real: a model learns from made rows and is judged on real ones.",
    "TRTR": "Train on real, test on real: the same model with real rows, the mark for TSTR.",
    "total variation": "Half the sum of all differences between two lists of shares; 0: the same, 1: nothing shared.",
    "Shape": "How well the distributions of single columns agree, averaged over columns, from 0 to 1.",
    "Pair": "How well the shares of two columns together agree, from 0 to 1: do links between columns survive?",
    "Tri-q5": "How well the shares of three columns together agree, from 0 to 1.",
    "correlation": "How closely two columns move together, from -1 over 0 (not at all) to 1.",
    "missingness": "Which cells are empty, and together with which others.",
    "copies": "Made rows that equal a real row in every compared column; a few arise by chance.",
    "near copy": "A made row that lies closer to a real row than fresh real rows usually do.",
    "membership": "A membership attack tries to tell from the made rows whether someone was among the real ones.",
    "distance ratio": "How close made rows come to the rows learned from, against others; a smell, not a proof.",
    "rare level": "A value of a column that fewer than five real rows hold.",
    "identifier": "A column that names its row, such as a number or a code; it is replaced and never compared.",
    "epsilon": "The privacy spent under differential privacy: the smaller, the less one row can change the result.",
    "association": "How much one column tells about another: 0 is nothing, 1 is everything.",
    "false alarms": "Rows taken for what they are not.",
    "recall": "The share of the rows of a class that a model finds; of images, the share of real ones that lie where "
    "made ones do.",
    "precision": "The share of made images that lie where real ones do.",
    "coverage": "The share of real images that have a made one among their nearest.",
    "Frechet distance": "How far the averages and the spreads of two sets of images lie apart in a space; 0: the same.",
    "random convolutions": "Features of images by filters that were drawn once and never trained: texture and shape.",
    "effective number": "How many entirely different images would vary as much as these do.",
    "effective size": "The share of texts that is left when forms of one text count once.",
    "distinct-2": "Of all runs of two words, the share that differ; distinct-1 and -3 of single words and of three.",
    "self-BLEU": "How far a text is made of runs of words that other texts have, from 0 to 1; more is less varied.",
    "compression": "Bytes of all texts over their bytes when compressed; what comes back again compresses well.",
    "Vendi score": "How many entirely different texts would vary as much as these do.",
    "average precision": "Of the rows a model takes for a class, the share that belongs to it, averaged over all cuts.",
    "boosted trees": "A model of many small decision trees, each correcting those before it.",
    "lineage": "What made the data, from what, with which settings and versions.",
    "generation": "Synthetic steps since real data: 0 is real, 1 was learned from real rows.",
    "recipe": "The settings with which the same bytes can be made again.",
    "quasi-identifier": "A column whose values others may know of a person, such as an age or a postcode.",
    "k-anonymity": "How many rows at the least share their quasi-identifiers: 1 means that somebody stands alone.",
    "l-diversity": "How many different values of a telling column the rows of a class hold at the least.",
    "t-closeness": "How far a telling column of one class of rows is from all rows, 0 (the same) to 1.",
    "Safe Harbor": "The list of eighteen kinds of identifiers in the rules of HIPAA, 45 CFR 164.514(b)(2).",
    "F1": "A score of a class between 0 and 1 that is high only if few of its rows are missed and few taken for it.",
    "R2": "The share of a number's spread that a model explains: 1 is all of it, 0 is none.",
    "Brier": "The mean squared error of predicted probabilities: 0 is perfect.",
}


def used(text: str) -> list[tuple[str, str]]:
    """Return the terms that a text uses, with those that every report uses, in alphabetical order."""
    low = text.lower()
    near = [term for term in TERMS if term in ALWAYS or term.lower() in low]
    found = [t for t in near if t in ALWAYS or re.search(rf"(?<!\w){re.escape(t.lower())}(?:s|es)?(?!\w)", low)]
    return [(term, TERMS[term]) for term in sorted(found, key=str.lower)]
