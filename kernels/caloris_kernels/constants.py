"""Physical constants with unit and source; the only place that spells them out.

CODATA 2018 (Tiesinga et al., Rev. Mod. Phys. 93, 025010, 2021) and IAU 2012/2015 resolutions B2/B3.
"""

STEFAN_BOLTZMANN = 5.670374419e-8  # W m-2 K-4, CODATA 2018
SPEED_OF_LIGHT = 299792458.0  # m s-1, exact
PLANCK = 6.62607015e-34  # J s, exact
BOLTZMANN = 1.380649e-23  # J K-1, exact
SECOND_RADIATION = PLANCK * SPEED_OF_LIGHT / BOLTZMANN  # m K, exact: 0.01438776877...
AVOGADRO = 6.02214076e23  # mol-1, exact
GAS_CONSTANT = AVOGADRO * BOLTZMANN  # J mol-1 K-1, exact: 8.31446261815324
STANDARD_GRAVITY = 9.80665  # m s-2, exact (3rd CGPM, 1901)
ELEMENTARY_CHARGE = 1.602176634e-19  # C, exact: also J per eV
ELECTRON_MASS = 0.51099895  # MeV, CODATA 2018
PROTON_MASS = 938.27208816  # MeV, CODATA 2018
ATOMIC_MASS = 931.49410242  # MeV, CODATA 2018
FINE_STRUCTURE = 7.2973525693e-3  # -, CODATA 2018

ASTRONOMICAL_UNIT = 149597870700.0  # m, IAU 2012 B2, exact
SOLAR_RADIUS = 6.957e8  # m, IAU 2015 B3 nominal
SOLAR_TEMPERATURE = 5772.0  # K, effective, IAU 2015 B3 nominal
EARTH_RADIUS = 6378137.0  # m, equatorial, WGS 84
EARTH_GRAVITATIONAL_PARAMETER = 3.986004418e14  # m3 s-2, WGS 84
EARTH_J2 = 1.08262668e-3  # -, WGS 84 / EGM96
TROPICAL_YEAR = 365.24219 * 86400.0  # s
JULIAN_YEAR = 365.25 * 86400.0  # s
DAY = 86400.0  # s

# Where what is not followed of particles in matter begins to count: shields (g/cm2) beyond which what collisions make
# is no longer small beside what gets through (the mean free path in aluminum is 20 g/cm2 for iron, 37 for carbon, 100
# for protons: behind 5 g/cm2 a fifth of the iron has become fragments), and the highest LET of iron in silicon (MeV
# cm2/mg; by the stopping powers here, nickel's is 30.6), beyond which ions heavier than nickel are most of what there
# is.
THICK_SHIELD = 5.0
IRON_PEAK_LET = 28.1
