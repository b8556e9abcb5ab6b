"""From the checked case to the parametric geometry."""

import jax.numpy as jnp

from caloris.case.errors import CaseError, CaseProblem
from caloris.case.schema import Case
from caloris.case.schema_structure import Body as BodyTable
from caloris.case.schema_surface import Mesh as MeshTable
from caloris.case.schema_surface import SurfaceTable
from caloris.geometry.assembly import Body, Geometry, Surface, assemble
from caloris.geometry.errors import GeometryError
from caloris.geometry.shapes import SHAPES, Shape, load_mesh
from caloris_kernels.orbit.frames import rotation_matrix


def build_geometry(case: Case) -> Geometry:
    """Bodies and surfaces of a case; all surfaces that cannot be built are reported together (CaseError)."""
    coatings = {coating.name: k for k, coating in enumerate(case.coatings)}
    bodies = {"bus": 0} | {body.name: k for k, body in enumerate(case.bodies, start=1)}
    surfaces, problems = [], []
    for table in case.surfaces:
        try:
            shape = _shape(table)
        except GeometryError as error:
            where = f"surface/{table.name}" + (f"/{error.key}" if error.key else "")
            problems.append(CaseProblem(where, str(error)))
            continue
        sides = case.sides(table)
        front, back = (coatings[sides[side]] if side in sides else None for side in ("front", "back"))
        surfaces.append(Surface(table.name, shape, bodies[table.body], front, back))
    if problems:
        raise CaseError(problems, case.source)
    parts = (Body("bus"), *(_body(table, bodies) for table in case.bodies))
    return assemble(parts, tuple(surfaces))


def _shape(table: SurfaceTable) -> Shape:
    if isinstance(table, MeshTable):
        nodes = "triangle" if table.nodes is None else table.nodes
        return load_mesh(table.file, table.length_unit, nodes)
    return SHAPES[str(table.model_dump(include={"shape"})["shape"])](**table.shape_keys())


def _body(table: BodyTable, bodies: dict[str, int]) -> Body:
    rotation = jnp.eye(3)
    if table.orientation is not None:
        rotation = rotation_matrix(jnp.asarray(table.orientation.axis), jnp.asarray(table.orientation.angle))
    axis = None if table.joint is None else table.joint.axis
    return Body(table.name, bodies[table.parent], table.origin, rotation, axis)
