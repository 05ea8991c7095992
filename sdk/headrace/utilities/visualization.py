"""What drawing a flow can raise, where Prefect's users look for it; see `Flow.visualize`."""

from __future__ import annotations

from headrace.exceptions import FlowVisualizationError, VisualizationUnsupportedError

__all__ = ["FlowVisualizationError", "VisualizationUnsupportedError"]
