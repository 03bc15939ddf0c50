"""Parquet files with images, as Hugging Face's datasets write them: only the images' bytes change.

An image is a struct of ``bytes`` and ``path``, or plain binary. Schema, metadata, row groups, compression and all other
columns stay; memory holds one row group.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dnjpeg.shards.conversion import Attempt, Conversion, ShardError
from dnjpeg.shards.selection import Selection, kind_of

__all__ = ["SUFFIXES", "convert", "images"]

SUFFIXES = (".parquet",)

_ROWS = 64  # of a batch, when images are only read, and of a piece of a new column


@dataclass(frozen=True)
class Cell:
    """The place of one image in a row group, and the path that stands beside it."""

    column: int
    row: int
    path: str | None


def images(source: Path, selection: Selection) -> Iterator[tuple[str, bytes | None]]:
    """Read the images: each one's name (row, column and path), and its bytes; None if it is not of these kinds.

    Raises
    ------
    ShardError
        If it is no Parquet file, or is cut off.
    """
    with _opened(source) as file:
        columns = _image_columns(file, selection)
        names = [file.schema_arrow.names[column] for column in columns]
        place = 0
        for batch in file.iter_batches(_ROWS, columns=names) if names else ():
            for name in names:
                for row, (data, path) in enumerate(_cells(batch.column(name))):
                    wanted = data is not None and selection.takes_content(path, data)
                    yield f"row {place + row}, {name}" + (f", {path}" if path else ""), data if wanted else None
            place += batch.num_rows


def convert(source: Path, target: Path, conversion: Conversion) -> int:
    """Make one Parquet file of another, row group by row group; return how many images the new one has.

    With ``on_error="drop"`` the failed image's row is left out.

    Raises
    ------
    ShardError
        If the source is no Parquet file, or is cut off, or an image failed and so shall the shard.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415

    with _opened(source) as file:
        columns = _image_columns(file, conversion.selection)
        with pq.ParquetWriter(target, file.schema_arrow, **_manner(file.metadata)) as writer:
            place = 0
            for index in range(file.num_row_groups):
                table = file.read_row_group(index)
                converted = _convert_group(table, columns, place, conversion)
                writer.write_table(converted, max(converted.num_rows, 1))
                place += table.num_rows
    with _opened(target) as file:
        return int(file.metadata.num_rows) * len(columns)


def _opened(path: Path) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - an extra
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ShardError(f"not a Parquet file, or cut off: {error}") from None


def _image_columns(file: Any, selection: Selection) -> list[int]:
    """Find the columns that hold images.

    Those that the metadata of Hugging Face's datasets calls so; else structs that have a binary field ``bytes``; else
    binary columns whose first value begins like an image. Those that are not meant are left out.
    """
    schema = file.schema_arrow
    return [index for index in _all_image_columns(file) if selection.matches(schema.names[index])]


def _all_image_columns(file: Any) -> list[int]:
    schema = file.schema_arrow
    if lists := [field.name for field in schema if _is_list_of_images(field.type)]:
        raise ShardError(f"the column {lists[0]} holds lists of images, which cannot be read here")
    declared = _declared(schema.metadata or {})
    structs = [index for index, field in enumerate(schema) if _is_struct(field.type)]
    if found := [index for index, name in enumerate(schema.names) if name in declared and _holds_bytes(schema[index])]:
        return found
    return structs or [index for index, field in enumerate(schema) if _is_binary(field.type) and _begins(file, index)]


def _declared(metadata: dict[bytes, bytes]) -> set[str]:
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        return {name for name, feature in features.items() if feature.get("_type") == "Image"}
    except (KeyError, ValueError, TypeError, AttributeError):
        return set()


def _is_binary(kind: Any) -> bool:
    import pyarrow as pa  # noqa: PLC0415

    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _is_struct(kind: Any) -> bool:
    import pyarrow as pa  # noqa: PLC0415

    return bool(pa.types.is_struct(kind)) and any(field.name == "bytes" and _is_binary(field.type) for field in kind)


def _is_list_of_images(kind: Any) -> bool:
    import pyarrow as pa  # noqa: PLC0415

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind)) and _is_struct(kind.value_type)


def _holds_bytes(field: Any) -> bool:
    return _is_binary(field.type) or _is_struct(field.type)


def _begins(file: Any, column: int) -> bool:
    """Tell whether the first value of a column that is not null begins like an image."""
    for batch in file.iter_batches(_ROWS, columns=[file.schema_arrow.names[column]]):
        for value in batch.column(0):
            if value.is_valid:
                return kind_of(value.as_py()) is not None
    return False


def _cells(array: Any) -> Iterator[tuple[bytes | None, str | None]]:
    for value in array:
        content = value.as_py()
        if isinstance(content, dict):
            yield content["bytes"], content.get("path")
        else:
            yield content, None


def _convert_group(table: Any, columns: Sequence[int], place: int, conversion: Conversion) -> Any:
    """Convert the images of one row group; the rows begin at `place` in the file."""
    results = list(conversion.convert(_images_by_row(table, columns, place, conversion)))
    drop = conversion.on_error == "drop"
    left_out = {cell.row for cell, attempt in results if drop and attempt and attempt.converted is None}
    values: dict[int, list[Any]] = {column: [] for column in columns}
    for cell, attempt in results:
        if cell.row in left_out and (attempt is None or attempt.converted is not None):
            conversion.drop(1)
        else:
            conversion.settle(attempt)
        values[cell.column].append(_new_value(cell, attempt, conversion))
    for column in columns:
        table = table.set_column(column, table.schema[column], _replaced(table.column(column), values[column]))
    return table.take([row for row in range(table.num_rows) if row not in left_out]) if left_out else table


def _images_by_row(
    table: Any, columns: Sequence[int], place: int, conversion: Conversion
) -> Iterator[tuple[Cell, str, bytes | None]]:
    for row, cells in enumerate(zip(*(_cells(table.column(column)) for column in columns), strict=True)):
        for column, (data, path) in zip(columns, cells, strict=True):
            name = f"row {place + row}, {table.column_names[column]}" + (f", {path}" if path else "")
            wanted = data is not None and conversion.selection.takes_content(path, data)
            yield Cell(column, row, path), name, data if wanted else None


_SAME = object()


def _new_value(cell: Cell, attempt: Attempt | None, conversion: Conversion) -> Any:
    if attempt is None or attempt.converted is None:
        return _SAME
    return attempt.converted, conversion.operation.renamed(cell.path) if cell.path else cell.path


def _replaced(column: Any, values: list[Any]) -> Any:
    """Put new images into a column; other fields of its structs stay."""
    import pyarrow as pa  # noqa: PLC0415

    cells = column.to_pylist()
    for row, value in enumerate(values):
        if value is _SAME:
            continue
        data, path = value
        if isinstance(cells[row], dict):
            cells[row]["bytes"] = data
            if path:
                cells[row]["path"] = path
        else:
            cells[row] = data
    # In pieces, since one array of structs holds no more than 2 GB.
    pieces = [pa.array(cells[begin : begin + _ROWS], column.type) for begin in range(0, len(cells), _ROWS)]
    return pa.chunked_array(pieces, column.type)


def _manner(metadata: Any) -> dict[str, Any]:
    """Say how a file was written, as far as it tells, in keywords of pyarrow's writer."""
    manner: dict[str, Any] = {
        "version": _version(metadata.format_version),
        "store_schema": b"ARROW:schema" in (metadata.metadata or {}),
    }
    if metadata.num_row_groups:
        group = metadata.row_group(0)
        columns = [group.column(index) for index in range(group.num_columns)]
        manner["compression"] = {
            column.path_in_schema: "NONE" if column.compression == "UNCOMPRESSED" else column.compression
            for column in columns
        }
        manner["use_dictionary"] = [
            column.path_in_schema for column in columns if any("DICTIONARY" in one for one in column.encodings)
        ]
        manner["write_page_index"] = any(column.has_column_index for column in columns)
        manner["write_statistics"] = [column.path_in_schema for column in columns if column.is_stats_set]
    return manner


def _version(written: str) -> str:
    return written if written in {"1.0", "2.4", "2.6"} else "2.6"
