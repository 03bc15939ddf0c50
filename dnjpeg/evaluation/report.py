"""The report: one HTML file that holds everything it shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import jinja2
from matplotlib.figure import Figure

from dnjpeg.evaluation.contenders import Contender
from dnjpeg.evaluation.gallery import LARGEST, data_uri, gallery
from dnjpeg.evaluation.heatmaps import tables_figure
from dnjpeg.evaluation.metrics import JPEG_FAMILY
from dnjpeg.evaluation.plots import curves_figure, render
from dnjpeg.evaluation.provenance import versions
from dnjpeg.evaluation.rows import ORIGINAL
from dnjpeg.evaluation.study import FEW, TOLERANCE, Study, at_comparable_size, smallest_within
from dnjpeg.evaluation.summary_text import Table, full_table, percent, points
from dnjpeg.evaluation.verdicts import LEGEND, conclusion, headline, target_table
from dnjpeg.tables import QuantizationTables

__all__ = ["plot_title", "render_report"]


def render_report(study: Study) -> str:
    """Return the report as HTML. It loads nothing: pictures are part of it."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("dnjpeg.evaluation"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(percent=percent, points=points)
    return environment.get_template("report.html.j2").render(_content(study))


def plot_title(study: Study) -> str:
    """Say in one line what the curves are about."""
    return f"{study.classifier.name}, {study.images:,} photos, {study.subsampling}"


def _content(study: Study) -> dict[str, Any]:
    original = study.summary[study.summary["family"] == ORIGINAL].iloc[0]
    table = full_table(study.summary, study.references)
    shown = _tables(study)
    return {
        "title": f"How small can the photos get before {study.classifier.name} notices?",
        "study": study,
        "original": original,
        "tolerance": 100 * TOLERANCE,
        "reference": study.references[0],
        "few": study.images < FEW,
        "headline": smallest_within(study.summary).to_dict("records"),
        "columns": table.columns,
        "lines": list(zip(study.summary["family"], table.lines, strict=True)),
        "curve": _picture(curves_figure({"": study.summary}, reference=study.references[0])),
        "closeness": _picture(curves_figure({"": study.summary}, reference=study.references[0], score="kl")),
        "equal": _equal(study),
        "legend": LEGEND,
        "conclusions": _conclusions(study),
        "correlations": [] if study.correlations is None else study.correlations.to_dict("records"),
        "measures": _MEASURES,
        "tables": [_heat_map(name, tables) for name, tables in shown.items() if not _is_flat(tables)],
        "flat": [_flat(study.contender(name)) for name, tables in shown.items() if _is_flat(tables)],
        "gallery": gallery(study),
        "largest": LARGEST,
        "facts": _facts(study),
        "standard_error": 100 * (original["top1"] * (1 - original["top1"]) / study.images) ** 0.5,
        "baseline": JPEG_FAMILY,
        "date": datetime.now(UTC).date().isoformat(),
    }


_MEASURES = {"psnr": "PSNR", "ssim": "SSIM", "ms_ssim": "MS-SSIM", "kl": "KL", "bytes": "bytes"}


def _equal(study: Study) -> list[tuple[str, Table]]:
    """Give a sentence and a table for each target: what each family needs there."""
    found = study.comparison
    if found is None or len(found.families) < 2:
        return []
    return [(headline(found, target), target_table(found, target, energy=True)) for target in found.standings]


def _conclusions(study: Study) -> list[str]:
    found = study.comparison
    return [] if found is None else [conclusion(found, name) for name in found.families if name != found.reference]


def _picture(figure: Figure) -> str:
    return data_uri(render(figure, "svg"), "image/svg+xml")


def _tables(study: Study) -> dict[str, QuantizationTables]:
    """Tables of one contender a family, of those that have any."""
    named = {name: study.contender(name).tables for name in at_comparable_size(study.summary, most=8)}
    return {name: tables for name, tables in named.items() if tables is not None}


def _is_flat(tables: QuantizationTables) -> bool:
    return all((table == tables.max_step).all() for table in tables.arrays)


def _flat(contender: Contender) -> str:
    """Say in words what a heat map of one colour would not show."""
    step = contender.tables.max_step if contender.tables else None
    dropped = contender.settings.get("dropped")
    removed = f"; the last {dropped} coefficients of each block's zigzag are set to zero" if dropped else ""
    return f"{contender.name} (every step is {step}{removed})"


def _heat_map(contender: str, tables: QuantizationTables) -> dict[str, Any]:
    figure = tables_figure(dict(zip(tables.labels, tables.arrays, strict=True)))
    return {
        "contender": contender,
        "panels": len(tables.arrays),
        "source": data_uri(render(figure, "png"), "image/png"),
    }


_SHOWN = {
    "center": "what its preprocessing keeps, the centre",
    "five": "the centre and the four corners; class probabilities are averaged, divergences too",
}


def _facts(study: Study) -> list[tuple[str, str]]:
    rows = study.result.rows
    first = rows.iloc[0]
    coded = rows[rows["family"] != ORIGINAL].iloc[0]
    sizes = rows[["width", "height"]].drop_duplicates()
    size = "x".join(map(str, sizes.iloc[0])) if len(sizes) == 1 else f"{len(sizes)} different sizes"
    return [
        ("Photos", f"{study.dataset.name}: {study.images:,}, {size} pixels"),
        ("Classifier", f"{study.classifier.name}, weights {study.classifier.weights_hash[:16]}"),
        ("Preprocessing", study.classifier.preprocessing),
        ("Network run by", study.classifier.engine_description),
        ("Network shown", _SHOWN[str(first["crops"])]),
        ("PSNR, SSIM, MS-SSIM", study.fidelity or "not computed"),
        ("Photos decoded by", first["photo_decoder"]),
        ("Encoder and decoder", f"{coded['encoder']}; {coded['decoder']}"),
        ("Coding", f"subsampling {study.subsampling}, Huffman codes made for each image, header included in all sizes"),
        ("Tables designed from", study.calibration or "no data"),
        ("Compression ratios against", ", ".join(study.references)),
        ("Versions", ", ".join(f"{name} {version}" for name, version in versions().items())),
    ]
