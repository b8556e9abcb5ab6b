"""Recoils of protons in silicon as Geant4 makes them: carried numbers.

Geant4 11.4.p01 (S. Agostinelli and others, Nucl. Instrum. Methods A 506, 250 (2003), doi 10.1016/S0168-9002(03)01368-8)
by `tools/recoil_tables.py`: 8000 reactions of QGSP_BIC and 6000 protons on 20 cm of silicon for elastic scattering, at
each energy. Columns are He, Li to B, C and N, O and F, Ne, Na, Mg, Al, Si to S. Counted, hence known to
1 / sqrt(8000 yield). Gamma distributions of these means and shapes have as many recoils above LETs of 1 to 8 MeV cm2/mg
in 2 um as Geant4 within 15 % from 30 MeV, 10 % from 70, where it counts more than 60 of them; below, within 20 % above
an LET of 1, and up to twice what is left above 2. Elastic recoils above an LET of 1, 5 % of the upsets at 50 MeV and
fewer beyond, come out up to 2.7 times too many. Geant4's other cascade (Bertini) has residues from Ne to Mg of 10 to
20 % less energy, Al and Si of 30 % less, and a third of the helium.
"""

import numpy as np

PROTON_ENERGY = np.array([8.0, 12.0, 16.0, 20.0, 30.0, 50.0, 70.0, 100.0, 150.0, 200.0, 300.0, 500.0, 1000.0])  # MeV
CHARGE = np.array([2.0, 3.4, 6.5, 8.3, 10.0, 11.0, 12.0, 13.0, 14.0])
MASS = np.array([3.9, 7.1, 13.3, 16.8, 20.7, 22.7, 24.6, 26.5, 27.5])
# fmt: off
# Ions per reaction, [proton energy, group].
YIELD = np.array([
    [0.00075, 0, 0, 0, 0, 0, 0, 0.00075, 0.999],
    [0.00462, 0, 0, 0, 0, 0, 0, 0.00462, 0.995],
    [0.008, 0, 0, 0, 0, 0, 0, 0.00863, 0.991],
    [0.189, 0, 0, 0, 0, 0, 0.182, 0.146, 0.672],
    [0.149, 0, 0, 0, 0, 0.00112, 0.171, 0.492, 0.336],
    [0.212, 0.001, 0, 0.00863, 0.0305, 0.056, 0.215, 0.361, 0.329],
    [0.275, 0.005, 0.008, 0.0219, 0.0559, 0.0906, 0.28, 0.289, 0.255],
    [0.332, 0.0106, 0.0194, 0.0442, 0.0865, 0.103, 0.279, 0.24, 0.227],
    [0.4, 0.02, 0.0464, 0.0699, 0.0971, 0.11, 0.247, 0.219, 0.208],
    [0.439, 0.0254, 0.0651, 0.0825, 0.102, 0.108, 0.225, 0.215, 0.195],
    [0.472, 0.0351, 0.0849, 0.0866, 0.0983, 0.112, 0.221, 0.218, 0.164],
    [0.486, 0.036, 0.0974, 0.0866, 0.0969, 0.108, 0.213, 0.215, 0.158],
    [0.506, 0.0479, 0.118, 0.0855, 0.0865, 0.102, 0.207, 0.224, 0.134],
])
# Their mean energy (MeV); 1 where there are none.
MEAN = np.array([
    [4.05, 1, 1, 1, 1, 1, 1, 0.936, 0.413],
    [4.64, 1, 1, 1, 1, 1, 1, 0.853, 0.549],
    [5.69, 1, 1, 1, 1, 1, 1, 1.26, 0.709],
    [4.32, 1, 1, 1, 1, 1, 1.4, 0.906, 0.877],
    [5.64, 1, 1, 1, 1, 2.52, 1.81, 1.32, 1.19],
    [6.82, 11.4, 1, 3.96, 3.37, 2.89, 2.22, 1.93, 1.55],
    [7.13, 8.79, 4.83, 4.36, 3.52, 3.16, 2.53, 2.06, 1.66],
    [7.42, 11.4, 5.65, 5.18, 3.92, 3.47, 2.66, 2.25, 1.75],
    [7.32, 9.82, 5.86, 4.75, 4.05, 3.77, 2.97, 2.24, 1.77],
    [7.31, 10.7, 6.35, 5.28, 4.12, 3.92, 2.98, 2.29, 1.64],
    [7.38, 10.6, 6.77, 5.68, 4.27, 4.09, 3.11, 2.19, 1.7],
    [7.59, 11.8, 7.11, 6.1, 4.76, 4.51, 3.44, 2.13, 1.67],
    [8.02, 11.4, 8.05, 6.72, 5.53, 4.96, 3.54, 1.83, 1.43],
])
# Mean square over variance of their energy: the shape of the gamma distribution that stands for it.
SHAPE = np.array([
    [15, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 6.31, 3.11],
    [15, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 2.61, 3.67],
    [13.9, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 3.04, 3.53],
    [13, 1.5, 1.5, 1.5, 1.5, 1.5, 2.62, 2.78, 3.09],
    [6.19, 1.5, 1.5, 1.5, 1.5, 9.1, 2.3, 3.11, 2.01],
    [2.8, 7.71, 1.5, 2.66, 1.94, 2.4, 2.08, 1.89, 1.36],
    [2.47, 4.33, 2.18, 1.6, 2.15, 1.85, 1.97, 1.51, 1.24],
    [1.55, 1.5, 1.63, 1.69, 1.73, 1.69, 1.46, 1.42, 1.16],
    [1.86, 2.08, 1.92, 1.44, 1.43, 1.45, 1.43, 1.35, 1.2],
    [2.02, 2, 1.6, 1.52, 1.44, 1.58, 1.37, 1.29, 1.15],
    [1.85, 1.7, 1.58, 1.45, 1.42, 1.36, 1.18, 1.14, 1.04],
    [1.83, 2.12, 1.6, 1.17, 1.51, 1.06, 1.11, 0.985, 0.897],
    [1.71, 1.55, 1.44, 1.27, 1.21, 1.27, 1.04, 0.822, 0.8],
])
# Elastic scattering: cross-section (mb), mean (MeV) and shape of the recoils' energy, [proton energy].
ELASTIC_CROSS_SECTION = np.array([980, 1109, 1129, 1129, 1300, 1167, 932, 571, 255, 172, 170, 205, 279])
ELASTIC_MEAN = np.array([0.291, 0.481, 0.497, 0.463, 0.345, 0.244, 0.228, 0.207, 0.2, 0.205, 0.194, 0.197, 0.188])
ELASTIC_SHAPE = np.array([1.06, 1.37, 1.11, 0.78, 0.491, 0.404, 0.447, 0.494, 0.396, 0.47, 0.34, 0.277, 0.338])
# fmt: on
