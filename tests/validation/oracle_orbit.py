"""A thermal model of flat plates in orbit that shares nothing with Caloris: numpy and scipy only.

The physical model is the one the case file describes: every rectangle is two triangles of uniform radiosity on
one node, diffuse gray surfaces in two bands, a planet that emits and reflects diffusely, a conical shadow. Every
number is obtained another way: view factors by Lambert's point-to-polygon formula under a graded quadrature of
the receiving triangle, the planet by a sum over directions inside its disc, shadows by sampled points, radiosity
by a dense solve, time by a Radau integrator restarted at the four edges of every eclipse.

Written for circular orbits at beta = 0 whose plates point +z to the zenith and +x along the velocity (the case
file's default), and for plates that no third plate hides from one another. The body frame has the Sun at
(-sin p, 0, cos p) at the angle p from orbit noon.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.integrate import solve_ivp
from scipy.interpolate import CubicSpline

STEFAN_BOLTZMANN = 5.670374419e-8  # W m-2 K-4
EARTH_RADIUS = 6378137.0  # m
EARTH_GRAVITATIONAL_PARAMETER = 3.986004418e14  # m3 s-2
SUN_RADIUS, SUN_DISTANCE = 6.957e8, 149597870700.0  # m
SOLAR_FLUX, ALBEDO, PLANET_INFRARED = 1361.0, 0.3, 239.0  # W m-2, -, W m-2
SPACE_TEMPERATURE = 2.725  # K
PHASES = 720  # moments of an orbit at which sunlight and the planet are tabulated


@dataclass(frozen=True)
class Plate:
    """A rectangle: coatings of its front (along u x v) and back (None: that side takes no part)."""

    name: str
    corner: tuple[float, float, float]
    u: tuple[float, float, float]
    v: tuple[float, float, float]
    front: str | None
    back: str | None
    heat_capacity: float  # J K-1


@dataclass(frozen=True)
class Scene:
    """Plates, lumped nodes, links and constant loads at an altitude."""

    name: str
    altitude: float  # m
    coatings: dict[str, tuple[float, float]]  # solar absorptance, infrared emittance
    plates: tuple[Plate, ...]
    nodes: dict[str, float] = field(default_factory=dict)  # heat capacity, J K-1
    links: tuple[tuple[str, str, float], ...] = ()  # W K-1
    loads: dict[str, float] = field(default_factory=dict)  # W
    orbits: float = 2.0
    start: float = 293.15  # K
    output_every: float = 60.0  # s

    @property
    def node_names(self) -> list[str]:
        """Plates, then lumped nodes."""
        return [plate.name for plate in self.plates] + list(self.nodes)

    @property
    def period(self) -> float:
        """Kepler's third law, s."""
        axis = EARTH_RADIUS + self.altitude
        return 2 * np.pi * np.sqrt(axis**3 / EARTH_GRAVITATIONAL_PARAMETER)

    def toml(self) -> str:
        """The same scene as a case file."""
        rows = [f'title = "{self.name}"', f'[orbit]\naltitude = "{self.altitude!r} m"\nbeta = "0 deg"', "[planet]"]
        for name, (absorptance, emittance) in self.coatings.items():
            rows.append(
                f'[[coating]]\nname = "{name}"\nsolar_absorptance = {absorptance}\ninfrared_emittance = {emittance}'
            )
        for plate in self.plates:
            rows.append(f'[[surface]]\nname = "{plate.name}"\nshape = "rectangle"')
            for key, vector in (("corner", plate.corner), ("edge_u", plate.u), ("edge_v", plate.v)):
                rows.append(f"{key} = [" + ", ".join(f'"{x!r} m"' for x in vector) + "]")
            rows.append(f'front = "{plate.front or "inactive"}"\nback = "{plate.back or "inactive"}"')
            rows.append(f'heat_capacity = "{plate.heat_capacity!r} J/K"')
        rows += [f'[[node]]\nname = "{name}"\nheat_capacity = "{c!r} J/K"' for name, c in self.nodes.items()]
        rows += [f'[[link]]\nbetween = ["{a}", "{b}"]\nconductance = "{g!r} W/K"' for a, b, g in self.links]
        rows += [f'[[load]]\non = "{name}"\npower = "{p!r} W"' for name, p in self.loads.items()]
        rows.append(f'[run]\nmode = "transient"\nduration = "{self.orbits!r} orbit"\noutput_every = "60 s"')
        rows.append(f'start_temperature = "{self.start!r} K"\ntemperature_tolerance = "0.1 mK"')
        return "\n".join(rows) + "\n"


@dataclass(frozen=True)
class Facets:
    """One active side of one triangle each."""

    corner: np.ndarray  # [facet, 3, xyz], counterclockwise seen from the active side
    normal: np.ndarray
    area: np.ndarray
    node: np.ndarray
    plate: np.ndarray
    absorptance: np.ndarray
    emittance: np.ndarray


def facets_of(scene: Scene) -> Facets:
    """Cut every plate along the diagonal through its corner."""
    rows = []
    for k, plate in enumerate(scene.plates):
        a, u, v = (np.array(x, float) for x in (plate.corner, plate.u, plate.v))
        for triangle in (np.array([a, a + u, a + u + v]), np.array([a, a + u + v, a + v])):
            for coating, corners in ((plate.front, triangle), (plate.back, triangle[::-1])):
                if coating is not None:
                    rows.append((corners, k, *scene.coatings[coating]))
    corner = np.array([row[0] for row in rows])
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    area = np.linalg.norm(normal, axis=1)
    plate = np.array([row[1] for row in rows])
    absorptance, emittance = np.array([row[2:] for row in rows]).T
    return Facets(corner, normal / area[:, None], area / 2, plate, plate, absorptance, emittance)


def view_factors(facets: Facets, points: int = 40) -> np.ndarray:
    """View factor from each facet to each other; raises where reciprocity is missed by more than 2e-5 m2.

    F(point) = sum over the edges of the polygon of (angle subtended) n . (unit normal of edge and point) / (2 pi)
    (J. H. Lambert 1760), averaged over the facet by Gauss points drawn toward all its edges, where two
    facets that share one make the integrand steep.
    """
    u, w = leggauss(points)
    u, w = (u + 1) / 2, w / 2
    x, weight = u**3 * (10 - 15 * u + 6 * u**2), w * 30 * u**2 * (1 - u) ** 2
    s, t = np.meshgrid(x, x, indexing="ij")
    share = 2 * np.outer(weight, weight) * s  # of the area, on the triangle a + s (b - a) + s t (c - b)
    count = len(facets.area)
    factor = np.zeros((count, count))
    for i in range(count):
        a, b, c = facets.corner[i]
        point = a + s[..., None] * (b - a) + (s * t)[..., None] * (c - b)
        for j in range(count):
            ahead = (facets.corner[j] - a) @ facets.normal[i]
            behind = (facets.corner[i] - facets.corner[j][0]) @ facets.normal[j]
            if ahead.max() < 1e-9 or behind.max() < 1e-9:
                continue
            assert min(ahead.min(), behind.min()) > -1e-9, "a pair that cuts the other's horizon"
            ray = facets.corner[j] - point[..., None, :]
            ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
            following = np.roll(ray, -1, axis=-2)
            edge = np.cross(ray, following)
            sine = np.linalg.norm(edge, axis=-1)
            angle = np.arctan2(sine, np.sum(ray * following, axis=-1))
            lambert = np.sum(angle / sine * (edge @ facets.normal[i]), axis=-1) / (2 * np.pi)
            factor[i, j] = np.sum(share * np.abs(lambert))
    exchange = facets.area[:, None] * factor
    assert np.abs(exchange - exchange.T).max() < 2e-5, "quadrature of the view factors is too coarse"
    return (exchange + exchange.T) / 2 / facets.area[:, None]


def seen_fraction(scene: Scene, facets: Facets, direction: np.ndarray, points: int = 512) -> np.ndarray:
    """Part of each facet [facet, direction] from which a direction is not hidden by any plate; 1 on far sides.

    Points spread evenly over the triangle by a lattice of irrational steps, shifted at random for each direction.
    """
    lattice = np.arange(points)[:, None] * np.array([0.7548776662466927, 0.5698402909980532])
    steps = (lattice[:, None] + np.random.default_rng(1).random((len(direction), 2))) % 1.0
    steps = np.where(steps.sum(axis=-1, keepdims=True) > 1, 1 - steps, steps)
    seen = np.ones((len(facets.area), len(direction)))
    for i, (a, b, c) in enumerate(facets.corner):
        toward = np.flatnonzero(direction @ facets.normal[i] > 1e-12)
        point = a + steps[:, toward] @ np.array([b - a, c - a])
        hidden = np.zeros((points, len(toward)), bool)
        for k, plate in enumerate(scene.plates):
            if k == facets.plate[i]:
                continue
            corner, u, v = (np.array(x, float) for x in (plate.corner, plate.u, plate.v))
            normal = np.cross(u, v)
            slope = direction[toward] @ normal
            slope = np.where(np.abs(slope) < 1e-14, np.nan, slope)
            distance = (corner - point) @ normal / slope
            dual_u, dual_v = np.cross(v, normal), np.cross(normal, u)
            along = []
            for dual, edge in ((dual_u, u), (dual_v, v)):
                scale = dual @ edge
                along.append((point - corner) @ dual / scale + distance * (direction[toward] @ dual / scale))
            with np.errstate(invalid="ignore"):
                inside = (along[0] > 0) & (along[0] < 1) & (along[1] > 0) & (along[1] < 1)
                hidden |= inside & (distance > 1e-9)
        seen[i, toward] = 1 - hidden.mean(axis=0)
    return seen


def sun_in_body(angle: np.ndarray) -> np.ndarray:
    """Unit vectors to the Sun at angles from orbit noon."""
    return np.stack([-np.sin(angle), 0 * angle, np.cos(angle)], axis=-1)


def direct_sunlight(scene: Scene, facets: Facets, angle: np.ndarray) -> np.ndarray:
    """Flux on each facet [angle, facet] as if the planet cast no shadow (W m-2)."""
    sun = sun_in_body(angle)
    return SOLAR_FLUX * np.maximum(sun @ facets.normal.T, 0.0) * seen_fraction(scene, facets, sun).T


def planet_light(
    scene: Scene, facets: Facets, angle: np.ndarray, rings: int = 40, spokes: int = 180
) -> tuple[np.ndarray, np.ndarray]:
    """Albedo [angle, facet] and infrared [facet] of the planet (W m-2), by a sum over directions in its disc."""
    distance = (EARTH_RADIUS + scene.altitude) / EARTH_RADIUS
    lowest = np.sqrt(1 - 1 / distance**2)
    x, w = leggauss(rings)
    down = lowest + (1 - lowest) * (x + 1) / 2
    turn = (np.arange(spokes) + 0.37) * 2 * np.pi / spokes
    across = np.sqrt(1 - down**2)
    direction = np.stack(
        [np.outer(across, np.cos(turn)), np.outer(across, np.sin(turn)), np.outer(-down, np.ones(spokes))], axis=-1
    ).reshape(-1, 3)
    solid_angle = np.repeat((1 - lowest) / 2 * w * 2 * np.pi / spokes, spokes)
    # The nearer point at which the ray meets the sphere of radius one.
    reach = np.repeat(distance * down - np.sqrt(1 - distance**2 * (1 - down**2)), spokes)
    ground = np.array([0.0, 0.0, distance]) + reach[:, None] * direction
    weight = np.maximum(direction @ facets.normal.T, 0.0).T * solid_angle
    weight *= seen_fraction(scene, facets, direction, points=64)
    sunlit = np.maximum(sun_in_body(angle) @ ground.T, 0.0)
    return ALBEDO * SOLAR_FLUX / np.pi * sunlit @ weight.T, PLANET_INFRARED / np.pi * weight.sum(axis=1)


def eclipse_angles(scene: Scene) -> np.ndarray:
    """Angles from noon at which penumbra and umbra begin and end, cones tangent to planet and Sun."""
    disc = np.arcsin(EARTH_RADIUS / (EARTH_RADIUS + scene.altitude))
    sun = np.arcsin(SUN_RADIUS / SUN_DISTANCE)
    half = np.array([disc + sun, disc - sun])
    return np.concatenate([np.pi - half, np.pi + half[::-1]])


def lit_fraction(scene: Scene, angle: float) -> float:
    """Part of the solar disc above a straight limb (the planet's disc is 200 times as wide as the Sun's)."""
    disc = np.arcsin(EARTH_RADIUS / (EARTH_RADIUS + scene.altitude))
    clear = (abs(np.pi - angle % (2 * np.pi)) - disc) / np.arcsin(SUN_RADIUS / SUN_DISTANCE)
    clear = min(max(clear, -1.0), 1.0)
    return 1 - (np.arccos(clear) - clear * np.sqrt(1 - clear**2)) / np.pi


def radiosity_matrices(
    facets: Facets, reflections: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Maps to absorbed flux by facet: from first-incidence light in both bands, and from black emission.

    J = emitted + (1 - a) (F J + incident), absorbed = a (F J + incident). reflections = False leaves
    what is reflected toward space: the planted defect that a comparison must show.
    """
    factor, one = view_factors(facets), np.eye(len(facets.area))
    maps = []
    for absorbed in (facets.absorptance, facets.emittance):
        reflect = (1 - absorbed if reflections else 0 * absorbed)[:, None]
        radiosity = np.linalg.solve(one - reflect * factor, reflect * one)
        emitted = np.linalg.solve(one - reflect * factor, one)
        maps += [absorbed[:, None] * (factor @ radiosity + one), absorbed[:, None] * (factor @ emitted)]
    solar, _, infrared, exchange = maps
    return solar, infrared, exchange * facets.emittance, 1 - factor.sum(axis=1)


def temperatures(scene: Scene, times: np.ndarray, reflections: bool = True) -> np.ndarray:
    """Temperatures [time, node] at the given times (K)."""
    facets = facets_of(scene)
    angle = np.arange(PHASES + 1) * 2 * np.pi / PHASES
    solar, infrared, exchange, space = radiosity_matrices(facets, reflections)
    albedo, planet = planet_light(scene, facets, angle)
    names = scene.node_names
    to_node = np.zeros((len(names), len(facets.area)))
    to_node[facets.node, np.arange(len(facets.area))] = facets.area

    def table(flux: np.ndarray) -> CubicSpline:
        rows = flux @ solar.T @ to_node.T
        rows[-1] = rows[0]
        return CubicSpline(angle, rows, bc_type="periodic")

    sunlight, reflected = table(direct_sunlight(scene, facets, angle)), table(albedo)
    sky = STEFAN_BOLTZMANN * SPACE_TEMPERATURE**4 * space
    constant = to_node @ (infrared @ (planet + sky))
    for name, power in scene.loads.items():
        constant[names.index(name)] += power
    radiative = to_node @ (exchange - np.diag(facets.emittance))
    radiative = STEFAN_BOLTZMANN * radiative @ np.eye(len(names))[facets.node]
    conductance = np.zeros((len(names), len(names)))
    for first, second, value in scene.links:
        a, b = names.index(first), names.index(second)
        conductance[[a, b], [b, a]] += value
        conductance[[a, b], [a, b]] -= value
    capacity = np.array([plate.heat_capacity for plate in scene.plates] + list(scene.nodes.values()))

    def rate(time: float, temperature: np.ndarray) -> np.ndarray:
        at = 2 * np.pi * time / scene.period
        light = lit_fraction(scene, at) * sunlight(at % (2 * np.pi)) + reflected(at % (2 * np.pi))
        return (light + constant + radiative @ temperature**4 + conductance @ temperature) / capacity

    def jacobian(time: float, temperature: np.ndarray) -> np.ndarray:
        return (4 * radiative * temperature**3 + conductance) / capacity[:, None]

    turns = np.arange(np.ceil(scene.orbits))[:, None]
    edges = (eclipse_angles(scene)[None] / (2 * np.pi) + turns).ravel() * scene.period
    edges = np.concatenate([[0.0], edges[edges < times[-1]], [times[-1]]])
    found = np.full((len(times), len(names)), scene.start)
    state = found[0]
    for start, end in zip(edges[:-1], edges[1:], strict=True):
        wanted = np.flatnonzero((times > start) & (times <= end))
        at = np.unique(np.append(times[wanted], end))
        step = solve_ivp(rate, (start, end), state, "Radau", at, jac=jacobian, rtol=1e-8, atol=1e-7, max_step=30.0)
        assert step.success, step.message
        found[wanted] = step.y.T[np.searchsorted(at, times[wanted])]
        state = step.y[:, -1]
    return found


def _box(side: float, coatings: dict[str, str], capacity: float) -> tuple[Plate, ...]:
    """A closed cube about the origin, normals outward, backs inactive."""
    h, s = side / 2, side
    faces = {
        "x+": ((h, -h, -h), (0.0, s, 0.0), (0.0, 0.0, s)),
        "x-": ((-h, -h, -h), (0.0, 0.0, s), (0.0, s, 0.0)),
        "y+": ((-h, h, -h), (0.0, 0.0, s), (s, 0.0, 0.0)),
        "y-": ((-h, -h, -h), (s, 0.0, 0.0), (0.0, 0.0, s)),
        "z+": ((-h, -h, h), (s, 0.0, 0.0), (0.0, s, 0.0)),
        "z-": ((-h, -h, -h), (0.0, s, 0.0), (s, 0.0, 0.0)),
    }
    return tuple(Plate(name, *faces[name], coatings[name], None, capacity) for name in coatings)


def closed_box() -> Scene:
    """A 1 m cube of 2 mm aluminum in six coatings, its faces linked in a ring and to electronics of 60 W."""
    faces = {"x+": "white", "x-": "black", "y+": "silver", "y-": "white", "z+": "gold", "z-": "black"}
    ring = ["x+", "y+", "x-", "y-"]
    around = [(a, b, 3.0) for a, b in zip(ring, ring[1:] + ring[:1], strict=True)]
    caps = [(a, b, 3.0) for a in ring for b in ("z+", "z-")]
    coatings = {"white": (0.2, 0.9), "black": (0.95, 0.85), "silver": (0.08, 0.78), "gold": (0.3, 0.1)}
    return Scene(
        "closed box",
        408e3,
        coatings,
        _box(1.0, faces, 4838.4),
        {"electronics": 8000.0},
        (*around, *caps, ("electronics", "z-", 2.0), ("electronics", "y-", 1.0)),
        {"electronics": 60.0},
    )


def open_box() -> Scene:
    """The cube without its face along the velocity; a shiny inside that sees Sun and planet through the opening."""
    names = ["x-", "y+", "y-", "z+", "z-"]
    plates = _box(1.0, dict.fromkeys(names, "white"), 4838.4)
    plates = tuple(Plate(p.name, p.corner, p.u, p.v, p.front, "shiny", p.heat_capacity) for p in plates)
    return Scene(
        "open box",
        500e3,
        {"white": (0.25, 0.85), "shiny": (0.35, 0.1)},
        plates,
        {"electronics": 6000.0},
        (("electronics", "x-", 2.0),),
        {"electronics": 40.0},
    )


def tilted_plates() -> Scene:
    """Two parallel plates, tilted and shifted against each other, shiny inside, that shade each other."""
    c, s = np.cos(np.radians(25.0)), np.sin(np.radians(25.0))
    u, normal = np.array([c, 0.0, -s]), np.array([s, 0.0, c])
    low = np.array([-0.6, -0.5, 0.0])
    high = low + 0.5 * normal + 0.3 * u + np.array([0.0, 0.2, 0.0])
    across = np.array([0.0, 1.0, 0.0])
    plates = (
        _plate("lower", (low, 1.2 * u, across), "shiny", "black", 6000.0),
        _plate("upper", (high, across, u), "shiny", "white", 5000.0),
    )
    return Scene(
        "tilted plates",
        600e3,
        {"shiny": (0.3, 0.1), "white": (0.2, 0.9), "black": (0.9, 0.85)},
        plates,
        {"electronics": 3000.0},
        (("electronics", "upper", 1.5),),
        {"electronics": 15.0},
    )


def _plate(name: str, vectors: tuple[np.ndarray, ...], front: str, back: str, capacity: float) -> Plate:
    """A plate from arrays of its corner, u and v."""
    corner, u, v = ((float(x), float(y), float(z)) for x, y, z in vectors)
    return Plate(name, corner, u, v, front, back, capacity)
