"""What to try: one general sentence for each fault that a method can mend, and the method's own words in its place.

A guard does not know what made the data, so it advises in general. A method that knows better defines
`remedies(params)`, which maps these sentences to what helps with its own fields; `made_for` puts them in.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from simulacra.core import registry

if TYPE_CHECKING:
    from simulacra.core.lineage import Lineage
    from simulacra.core.report import Finding

MEMORISED = "use a method or setting that follows single rows less closely, or fit on more rows"
TARGET = "declare the target when fitting, so that the method models it best; fit on more rows"
SHAPES = "fit with a method that learns the shape of each column, such as tables/forest, or give it more rows"
LINKS = "fit all columns together with a method that learns links, such as tables/forest, and with more rows"

LIKENESS = (
    "give the method more to learn with, such as more steps, a wider network or more components; images/pca is "
    "the mark that any other method should beat"
)
VARIETY = "give the method more steps or a wider network, or take one that leaves out less, such as images/flow"
BLUR = "blur comes from averaging: give the method more components or steps, or take one that draws fine detail"
NOISE = "noise is what a method has not learned yet: give it more steps, or fewer components"
RANGE = "look at how pixels are scaled on the way in and out of the method"


def made_for(finding: Finding, lineage: Lineage) -> Finding:
    """Return the finding with the general advice replaced by that of the method which made the data, if it has any."""
    if not finding.advice or not lineage.made_by:
        return finding
    advice = finding.advice
    try:
        for general, own in registry.load(lineage.made_by).remedies(lineage.params).items():
            advice = advice.replace(general, own)
    except Exception:
        # Data made by a method that is not installed here, or with a lineage that somebody edited: wording must never
        # cost a finding, so the general advice stands.
        return finding
    return dataclasses.replace(finding, advice=advice)
