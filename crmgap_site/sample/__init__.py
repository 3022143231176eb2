"""The sample engagement: a drawn company with known gaps, asked and diagnosed through the product's own services."""
