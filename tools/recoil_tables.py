"""Count the recoils of protons in silicon with Geant4: the tables of kernels/caloris_kernels/upset/recoil_tables.py.

    python tools/recoil_tables.py reactions | elastic

Needs geant4-pybind from PyPI (here 0.1.3, Geant4 11.4.p01) and Geant4's data sets. "reactions" are the inelastic
collisions of QGSP_BIC (binary cascade, precompound model, evaporation), "elastic" the collisions of
G4HadronElasticPhysics. Nothing else acts on the protons, so that each first collision happens at the energy it was
shot with; its ions are noted and not followed. Prints, for every energy, per group of elements: ions per collision,
their mean energy (MeV) and the shape of the gamma distribution with their mean and variance; for elastic collisions
the cross-section (mb) in place of the ions. The tables carried were made without Geant4's tables of nuclear levels
(G4PhotonEvaporation, G4ENSDFSTATE): residues below their particle thresholds cool by a continuum of photons, whose
recoil is of no account.
"""

import sys

import geant4_pybind as g4
import numpy as np

ENERGIES = (8.0, 12.0, 16.0, 20.0, 30.0, 50.0, 70.0, 100.0, 150.0, 200.0, 300.0, 500.0, 1000.0)  # MeV
GROUPS = ((2, 2), (3, 5), (6, 7), (8, 9), (10, 10), (11, 11), (12, 12), (13, 13), (14, 16))  # Z from, to
EVENTS = {"reactions": 8000, "elastic": 6000}
# Half the length of the silicon, cm: all protons react in the one, about half are scattered in the other.
HALF = {"reactions": 500.0, "elastic": 10.0}
NUCLEI = 4.994e22  # cm-3


class _Silicon(g4.G4VUserDetectorConstruction):
    def __init__(self, half: float):
        super().__init__()
        self.half = half

    def Construct(self):
        self.box = g4.G4Box("silicon", 5e3, 5e3, 10.0 * self.half)  # mm
        self.logical = g4.G4LogicalVolume(self.box, g4.G4NistManager.Instance().FindOrBuildMaterial("G4_Si"), "silicon")
        self.placed = g4.G4PVPlacement(None, g4.G4ThreeVector(), self.logical, "silicon", None, False, 0)
        return self.placed


class _Protons(g4.G4VUserPrimaryGeneratorAction):
    def __init__(self, half: float):
        super().__init__()
        self.gun = g4.G4ParticleGun(1)
        self.gun.SetParticleDefinition(g4.G4ParticleTable.GetParticleTable().FindParticle("proton"))
        self.gun.SetParticleMomentumDirection(g4.G4ThreeVector(0, 0, 1))
        self.gun.SetParticlePosition(g4.G4ThreeVector(0, 0, -9.99999 * half))

    def GeneratePrimaries(self, event):
        self.gun.GeneratePrimaryVertex(event)


class _FirstCollision(g4.G4UserStackingAction):
    """Notes (event, Z, energy) of the ions of each proton's first collision; follows none of them."""

    def __init__(self):
        super().__init__()
        self.event, self.place, self.ions = 0, None, []

    def PrepareNewEvent(self):
        self.event, self.place = self.event + 1, None

    def ClassifyNewTrack(self, track):
        if track.GetParentID() == 0:
            return g4.G4ClassificationOfNewTrack.fUrgent
        place, kind = track.GetPosition().z, track.GetDefinition()
        self.place = place if self.place is None else self.place
        if place == self.place and kind.GetAtomicNumber() >= 2:
            self.ions.append((self.event, kind.GetAtomicNumber(), track.GetKineticEnergy()))
        return g4.G4ClassificationOfNewTrack.fKill


class _Actions(g4.G4VUserActionInitialization):
    def __init__(self, half: float):
        super().__init__()
        self.half = half

    def Build(self):
        self.protons, self.first = _Protons(self.half), _FirstCollision()
        self.SetUserAction(self.protons)
        self.SetUserAction(self.first)


class _Collisions(g4.G4VModularPhysicsList):
    def __init__(self, kind: str):
        super().__init__()
        self.particles = g4.G4DecayPhysics()
        self.hadrons = g4.G4HadronPhysicsQGSP_BIC() if kind == "reactions" else g4.G4HadronElasticPhysics()
        self.RegisterPhysics(self.particles)
        self.RegisterPhysics(self.hadrons)

    def SetCuts(self):
        pass


def row(energies: np.ndarray) -> tuple[float, float]:
    """Mean energy (MeV) and shape of a gamma distribution; of less than five ions something harmless."""
    return (energies.mean(), energies.mean() ** 2 / energies.var()) if energies.size >= 5 else (1.0, 1.5)


def main(kind: str) -> None:
    """Print the table of one kind of collisions."""
    manager = g4.G4RunManagerFactory.CreateRunManager(g4.G4RunManagerType.Serial)
    silicon, physics, actions = _Silicon(HALF[kind]), _Collisions(kind), _Actions(HALF[kind])
    for part in (silicon, physics, actions):
        manager.SetUserInitialization(part)
    manager.Initialize()
    events = EVENTS[kind]
    for energy in ENERGIES:
        actions.first.ions.clear()
        actions.protons.gun.SetParticleEnergy(energy)  # MeV is Geant4's own unit
        manager.BeamOn(events)
        event, charge, kinetic = np.array(actions.first.ions).T
        if kind == "elastic":
            share = np.unique(event).size / events
            print(energy, -np.log1p(-share) / (2.0 * HALF[kind] * NUCLEI) * 1e27, *row(kinetic))
            continue
        for first, last in GROUPS:
            chosen = kinetic[(charge >= first) & (charge <= last)]
            print(energy, first, last, chosen.size / events if chosen.size >= 5 else 0.0, *row(chosen))


if __name__ == "__main__":
    main(sys.argv[1])
