"""HTML to PDF: a closed list of assets, a process of its own with limits, and no tolerance for warnings."""

from reports.rendering.process import RenderedPdf, render_pdf

__all__ = ["RenderedPdf", "render_pdf"]
