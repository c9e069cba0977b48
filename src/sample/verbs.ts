import type { Verb } from '../xapi/statement.ts'

const adl = 'http://adlnet.gov/expapi/verbs/'
const video = 'https://w3id.org/xapi/video/verbs/'

export const initialized: Verb = {
  id: `${adl}initialized`,
  display: { 'en-US': 'initialized', 'fr-FR': 'a initialisé', 'de-DE': 'begann' }
}
export const played: Verb = { id: `${video}played`, display: { 'en-US': 'played', 'fr-FR': 'a lu' } }
export const paused: Verb = { id: `${video}paused`, display: { 'en-US': 'paused', 'fr-FR': 'a mis en pause' } }
export const seeked: Verb = { id: `${video}seeked`, display: { 'en-US': 'seeked' } }
export const interacted: Verb = { id: `${adl}interacted`, display: { 'en-US': 'interacted' } }
export const completed: Verb = {
  id: `${adl}completed`,
  display: { 'en-US': 'completed', 'fr-FR': 'a terminé', 'de-DE': 'beendete', 'ja-JP': '完了した' }
}
export const terminated: Verb = {
  id: `${adl}terminated`,
  display: { 'en-US': 'terminated', 'fr-FR': 'a quitté', 'de-DE': 'verließ' }
}
export const answered: Verb = {
  id: `${adl}answered`,
  display: { 'en-US': 'answered', 'fr-FR': 'a répondu', 'es-ES': 'respondió', 'ja-JP': '答えた' }
}
export const attempted: Verb = { id: `${adl}attempted`, display: { 'en-US': 'attempted', 'es-ES': 'intentó' } }
export const passed: Verb = { id: `${adl}passed`, display: { 'en-US': 'passed', 'fr-FR': 'a réussi' } }
export const failed: Verb = { id: `${adl}failed`, display: { 'en-US': 'failed', 'fr-FR': 'a échoué' } }
export const experienced: Verb = { id: `${adl}experienced`, display: { 'en-US': 'experienced', 'pt-BR': 'acessou' } }
export const downloaded: Verb = {
  id: 'http://id.tincanapi.com/verb/downloaded',
  display: { 'en-US': 'downloaded', 'fr-FR': 'a téléchargé' }
}
export const registered: Verb = { id: `${adl}registered`, display: { 'en-US': 'registered', 'fr-FR': "s'est inscrit" } }
export const commented: Verb = { id: `${adl}commented`, display: { 'en-US': 'commented', 'de-DE': 'kommentierte' } }
export const scored: Verb = { id: `${adl}scored`, display: { 'en-US': 'scored' } }
export const attended: Verb = { id: `${adl}attended`, display: { 'en-US': 'attended', 'ja-JP': '出席した' } }
export const mentored: Verb = { id: 'http://id.tincanapi.com/verb/mentored', display: { 'en-US': 'mentored' } }
export const submitted: Verb = {
  id: 'http://activitystrea.ms/schema/1.0/submit',
  display: { 'en-US': 'submitted', 'fr-FR': 'a remis' }
}
export const planned: Verb = {
  id: 'http://www.tincanapi.co.uk/verbs/planned_learning',
  display: { 'en-US': 'planned', 'en-GB': 'planned' }
}
export const voided: Verb = { id: `${adl}voided`, display: { 'en-US': 'voided' } }
