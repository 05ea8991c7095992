"""How a flow is found: by its file, or by its module."""

from __future__ import annotations

import enum


class EntrypointType(enum.Enum):
    """`path/to/file.py:flow`, or `package.module.flow`."""

    FILE_PATH = "file_path"
    MODULE_PATH = "module_path"
