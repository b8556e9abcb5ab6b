"""From the checked case to the parametric geometry."""

import jax.numpy as jnp

from caloris.case.errors import CaseError, CaseProblem, nearest
from caloris.case.schema import Case
from caloris.case.schema_solid import SolidBox as SolidBoxTable
from caloris.case.schema_solid import SolidMesh as SolidMeshTable
from caloris.case.schema_solid import SolidTable
from caloris.case.schema_structure import Body as BodyTable
from caloris.case.schema_surface import Mesh as MeshTable
from caloris.case.schema_surface import SurfaceTable
from caloris.geometry.assembly import Body, Geometry, Surface, assemble
from caloris.geometry.errors import GeometryError
from caloris.geometry.shapes import SHAPES, Shape, load_mesh
from caloris.geometry.solid_file import load_solid
from caloris.geometry.solid_patches import SolidFace
from caloris.geometry.solids import Solid, SolidBox, SolidShape, face_names
from caloris_kernels.orbit.frames import rotation_matrix


def build_geometry(case: Case) -> Geometry:
    """Bodies, surfaces and solids of a case; all surfaces that cannot be built are reported together (CaseError)."""
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
    solids = []
    for table in case.solids:
        try:
            shape = _solid(table)
        except GeometryError as error:
            where = f"solid/{table.name}" + (f"/{error.key}" if error.key else "")
            problems.append(CaseProblem(where, str(error)))
            continue
        problems += _unknown_faces(table, face_names(shape))
        solids.append(Solid(table.name, shape, bodies[table.body]))
        for name, patches in shape.topology().faces:
            coating = coatings.get(case.face_coating(table, name))
            face = SolidFace(len(solids) - 1, patches)
            surfaces.append(Surface(f"{table.name}.{name}", face, bodies[table.body], coating, None))
    if problems:
        raise CaseError(problems, case.source)
    parts = (Body("bus"), *(_body(table, bodies) for table in case.bodies))
    return assemble(parts, tuple(surfaces), tuple(solids))


def _shape(table: SurfaceTable) -> Shape:
    if isinstance(table, MeshTable):
        nodes = "triangle" if table.nodes is None else table.nodes
        return load_mesh(table.file, table.length_unit, nodes)
    return SHAPES[str(table.model_dump(include={"shape"})["shape"])](**table.shape_keys())


def _solid(table: SolidTable) -> SolidShape:
    if isinstance(table, SolidMeshTable):
        shape = load_solid(table.file, table.length_unit)
        missing = [region for region in shape.mesh.regions if table.materials and region not in table.materials]
        if missing:
            named = ", ".join(repr(region) for region in missing)
            raise GeometryError(f"materials: the mesh has volumes without a material: {named}", "materials")
        return shape
    assert isinstance(table, SolidBoxTable)
    return SolidBox(table.corner, table.edge_u, table.edge_v, table.edge_w, table.divide)


def _unknown_faces(table: SolidTable, known: tuple[str, ...]) -> list[CaseProblem]:
    return [
        CaseProblem(f"solid/{table.name}/face/{k}/on", f'"{name}" is not a face of the solid{nearest(name, known)}')
        for k, face in enumerate(table.face)
        for name in face.on
        if name not in known
    ]


def _body(table: BodyTable, bodies: dict[str, int]) -> Body:
    rotation = jnp.eye(3)
    if table.orientation is not None:
        rotation = rotation_matrix(jnp.asarray(table.orientation.axis), jnp.asarray(table.orientation.angle))
    axis = None if table.joint is None else table.joint.axis
    return Body(table.name, bodies[table.parent], table.origin, rotation, axis)
