"""The shapes of the case file by name: rectangle, triangle, box, disc, annulus, cylinder, cone, sphere, mesh.

Each is a Module whose fields are the case-file keys in SI; flat_shapes.py, curved_shapes.py and mesh_file.py
hold them, shape_base.py what they share.
"""

from caloris.geometry.curved_shapes import Annulus as Annulus
from caloris.geometry.curved_shapes import Cone as Cone
from caloris.geometry.curved_shapes import Cylinder as Cylinder
from caloris.geometry.curved_shapes import Disc as Disc
from caloris.geometry.curved_shapes import Sphere as Sphere
from caloris.geometry.errors import GeometryError as GeometryError
from caloris.geometry.flat_shapes import Box as Box
from caloris.geometry.flat_shapes import Rectangle as Rectangle
from caloris.geometry.flat_shapes import Triangle as Triangle
from caloris.geometry.mesh_file import Mesh as Mesh
from caloris.geometry.mesh_file import load_mesh as load_mesh
from caloris.geometry.shape_base import Shape as Shape
from caloris.geometry.shape_base import ShapeTopology as ShapeTopology

SHAPES: dict[str, type[Shape]] = {
    "rectangle": Rectangle,
    "triangle": Triangle,
    "disc": Disc,
    "annulus": Annulus,
    "cylinder": Cylinder,
    "cone": Cone,
    "sphere": Sphere,
    "box": Box,
}
"""Shape name in the case file -> Module; `mesh` goes through load_mesh."""
