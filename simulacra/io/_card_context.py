"""The words of a Croissant card, where each of them is defined, and which of them names a type of column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulacra.core.infer_images import shape_of

if TYPE_CHECKING:
    import polars as pl

CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "sim": "urn:simulacra:",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def type_of(dtype: pl.DataType) -> str:
    """Return the type of a column in words of schema.org."""
    import polars as pl

    if dtype == pl.Boolean:
        return "sc:Boolean"
    if dtype.is_integer() or shape_of(dtype) is not None:
        return "sc:Integer"
    if dtype.is_numeric():
        return "sc:Float"
    if dtype == pl.Date:
        return "sc:Date"
    return "sc:DateTime" if dtype == pl.Datetime else "sc:Text"
