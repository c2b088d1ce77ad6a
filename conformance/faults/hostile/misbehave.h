// SPDX-License-Identifier: Apache-2.0
//
// A hostile testee is a real implementation whose lxc_container_new() first does one harmful thing.
// With LXCSPEC_HOSTILE_IN=Suite.Test in the environment it does so in that test alone, so that the
// others show what a neighbour's harm does to them: nothing.

#ifndef LXCSPEC_CONFORMANCE_FAULTS_HOSTILE_MISBEHAVE_H_
#define LXCSPEC_CONFORMANCE_FAULTS_HOSTILE_MISBEHAVE_H_

namespace lxcspec::hostile {

// Each hostile testee defines it.
void Misbehave();

}  // namespace lxcspec::hostile

#endif  // LXCSPEC_CONFORMANCE_FAULTS_HOSTILE_MISBEHAVE_H_
