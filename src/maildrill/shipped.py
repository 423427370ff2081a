"""What maildrill brings along: where it is, in a checkout or in the wheel, and what is there."""

from __future__ import annotations

from pathlib import Path


def data_dir() -> Path:
    """The folder that holds fixtures/, scenarios/ and schema/: the checkout, or inside the wheel."""
    here = Path(__file__).resolve().parent
    checkout = here.parent.parent
    return checkout if (checkout / "fixtures").is_dir() and (checkout / "scenarios").is_dir() else here / "_data"


def list_scenarios(folder: Path | None = None) -> list[Path]:
    """Every scenario file below ``folder`` (default: the shipped ones), by topic and name."""
    root = folder or data_dir() / "scenarios"
    return sorted(root.rglob("*.yaml"))


def list_clusters() -> list[str]:
    """Names of the shipped clusters, those in a folder with its name: "folder/name"."""
    root = data_dir() / "fixtures" / "clusters"
    return sorted(path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.yaml"))


def list_images() -> list[str]:
    """Names of the server images, one folder each."""
    images = data_dir() / "fixtures" / "images"
    return sorted(path.name for path in images.glob("*") if (path / "Dockerfile").is_file())
