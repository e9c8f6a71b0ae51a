from __future__ import annotations

import pytest

from cabproxy.taskkit.dockerfile import read_dockerfile

FILES = ["Dockerfile", "app/main.py", "app/lib/a.py", "data/x.csv", "readme.md"]


@pytest.mark.parametrize(
    ("text", "folder", "workdir"),
    [
        ("FROM x\nWORKDIR /app\nCOPY app/ /app/\n", "app", "/app"),
        ("FROM x\nWORKDIR /srv\nCOPY app .\n", "app", "/srv"),
        ('FROM x\nWORKDIR /app\nCOPY ["app/", "/app/"]\n', "app", "/app"),
        ("FROM x\nWORKDIR /app\nCOPY . .\n", "", "/app"),
        ("FROM x\nWORKDIR /app\nCOPY --chown=1:1 app/ \\\n  /app/\n", "app", "/app"),
        ("FROM a AS one\nCOPY data /app\nFROM x\nWORKDIR /app\nCOPY app /app\n", "app", "/app"),
        ("FROM x\n", None, "/app"),
        ("", None, "/app"),
        ("FROM x\nWORKDIR /app\nCOPY app/ /app/\nCOPY data /app/data\n", None, "/app"),
    ],
)
def test_the_folder_that_becomes_the_work_tree(text: str, folder: str | None, workdir: str) -> None:
    plan = read_dockerfile(text, FILES)
    assert (plan.folder(), plan.workdir) == (folder, workdir)


def test_a_tree_put_together_of_several_places() -> None:
    plan = read_dockerfile("FROM x\nWORKDIR /app\nCOPY app/ src/\nCOPY data/*.csv readme.md ./\n", FILES)
    assert {one.target: one.source for one in plan.laid} == {
        "src/main.py": "app/main.py",
        "src/lib/a.py": "app/lib/a.py",
        "x.csv": "data/x.csv",
        "readme.md": "readme.md",
    }
    renamed = read_dockerfile("FROM x\nWORKDIR /app\nCOPY readme.md /app/notes.md\n", FILES)
    assert [one.target for one in renamed.laid] == ["notes.md"]


def test_what_cannot_be_told_without_building_is_said() -> None:
    text = (
        'FROM x\nWORKDIR /app\nCOPY --from=y /a /app\nRUN git clone z /app/z\nCMD ["nginx"]\nADD https://a.b/c /app/\n'
    )
    notes = " / ".join(read_dockerfile(text, FILES).notes)
    for word in ("--from=y", "git clone", "nginx", "https://a.b/c"):
        assert word in notes
    quiet = "FROM x\nWORKDIR /app\nRUN apt-get install -y x && chmod -R a+rwX /app\nRUN pip install pytest\n"
    assert read_dockerfile(quiet, FILES).notes == ()
    made = read_dockerfile("FROM x\nWORKDIR /app\nRUN mkdir -p /app/out && cargo build\n", FILES).notes
    assert made == ("RUN mkdir -p /app/out: what it leaves in /app is not part of the work tree",)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("FROM debian:12\nWORKDIR /app\n", ()),
        ("FROM debian:12\nWORKDIR /app\nCOPY app/ /app/\nRUN mkdir -p /app/out\n", ()),
        ("FROM debian:12\nWORKDIR /app\nRUN apt-get update && git clone x /app/x\n", ("RUN git clone x /app/x",)),
        ("FROM debian:12\nWORKDIR /app\nCOPY --from=y /a /app\n", ("COPY --from=y /a /app",)),
        (
            "FROM swebench/a@sha256:00\nWORKDIR /testbed\n",
            ("FROM swebench/a@sha256:00",),
        ),
        ("FROM swebench/x\nWORKDIR /testbed\nCOPY app/ /testbed/\n", ()),
    ],
)
def test_steps_that_leave_files_in_the_image_alone(text: str, steps: tuple[str, ...]) -> None:
    assert read_dockerfile(text, FILES).in_image == steps
