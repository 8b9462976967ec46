"""A standing person takes an object from a table and handles it."""

from hoi_platform.core.scene.performance.kind import PerformanceKind
from hoi_platform.core.scene.performance.manipulation import KIND, perform

KINDS = (PerformanceKind(KIND, perform),)
