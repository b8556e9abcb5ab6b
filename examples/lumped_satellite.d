# A small satellite as a lumped network, in the language in which European thermal models are exchanged.
# Everything here is assumed. Temperatures in degrees Celsius, the rest in SI units.
$MODEL SATELLITE
$LOCALS
  $REAL
    k_al = 167.0;         # W/m/K, aluminum
    cp_al = 896.0;        # J/kg/K
    eps = 0.85;           # infrared emittance of the radiators
    A_panel = 0.09;       # m2, of one panel
    P_obc = 4.0;          # W, on-board computer
#
$MODEL BATTERY
$NODES
  D1 = 'cells', T = 15.0, C = 320.0, QI = 0.4;
  D2 = 'housing', T = 15.0, C = 0.12 * cp_al;
$CONDUCTORS
  GL(1, 2) = 0.8;
$ENDMODEL BATTERY
#
$NODES
  D10 = 'panel +x', T = 20.0, C = 0.35 * cp_al, A = A_panel, QS = 40.0, QE = 8.0;
  D20 = 'panel -x', T = 20.0, C = 0.35 * cp_al, A = A_panel, QE = 8.0;
  D30 = 'tray', T = 20.0, C = 0.60 * cp_al;
  D40 = 'computer', T = 20.0, C = 250.0, QI = P_obc;
  A50 = 'joint';
  B99 = 'space', T = -270.15;
#
$CONDUCTORS
  GL(10, 30) = k_al * 1.2E-4 / 0.15;    # brackets
  GL(20, 50) = k_al * 1.2E-4 / 0.07;
  GL(50, 30) = k_al * 1.2E-4 / 0.08;
  GL(30, 40) = INTRP1(0.5, GASKET, 1);  # by pressure in MPa
  GL(30, BATTERY:2) = 0.35;
  GR(10, 99) = eps * A:10;
  GR(20, 99) = eps * A:20;
  GR(10, 20) = 0.02;
#
$ARRAYS
  $REAL
    GASKET(2, 3) = 0.0, 0.5,  1.0, 2.0,  2.0, 3.0;
$ENDMODEL SATELLITE
