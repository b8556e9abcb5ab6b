$MODEL WRONG
$NODES
  D1 = 'box', T = 20.0, C = 100.0;
  B2 = 'wall', T = 10.0;
$CONDUCTORS
  GL(1, 2) = 1.0 +;
$ENDMODEL WRONG
