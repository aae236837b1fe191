"""Brings skills, prompts and themes along, and says which projects are trusted."""

from pathlib import Path

from pi.extensions import Discovered, Pi, ProjectTrust, ResourcesDiscover

HERE = Path(__file__).parent


def extension(pi: Pi) -> None:
    @pi.on("resources_discover")
    def resources(event: ResourcesDiscover, context: None) -> Discovered:
        return Discovered(prompts=(HERE / "company-prompts",))

    @pi.on("project_trust")
    def trust(event: ProjectTrust, context: None) -> bool | None:
        return True if event.cwd.name.startswith("company-") else None
